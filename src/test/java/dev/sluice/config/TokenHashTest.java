package dev.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

class TokenHashTest {

    @Test
    void aFreshTokenMatchesItsHashAloneAndIsNeverPrinted() {
        FreshToken one = FreshToken.make(new SecureRandom());
        FreshToken two = FreshToken.make(new SecureRandom());
        assertThat(one.token()).matches("slc_[A-Za-z0-9_-]{43}").isNotEqualTo(two.token());
        TokenHash read = TokenHash.parse(one.hash().code()).orElseThrow();
        assertThat(read.matches(one.token())).isTrue();
        assertThat(read.matches(two.token())).isFalse();
        assertThat(one.toString() + one.hash())
                .doesNotContain(one.token(), one.hash().code());
    }

    @Test
    void theCodeIsPlainSha256() {
        assertThat(TokenHash.of("abc").code())
                .isEqualTo("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assertThat(TokenHash.parse("sha256:BA")).isEmpty();
    }

    @Test
    void eachRoleMayWhatTheOneBeforeMay() {
        assertThat(Role.VIEWER.may(Role.OPERATOR)).isFalse();
        assertThat(Role.OPERATOR.may(Role.VIEWER)).isTrue();
        assertThat(Role.APPROVER.may(Role.OPERATOR)).isTrue();
    }
}
