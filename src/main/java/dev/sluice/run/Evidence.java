package dev.sluice.run;

import dev.sluice.database.Identity;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a succeeded run has proven, as the gate shows it.
 *
 * @param verification {@code given}, {@code equality}, {@code completeness} or {@code ranges}
 * @param condition the SQL condition that held for every row; null for {@code ranges}, where each range was committed
 *     once
 * @param because why this kind of verification
 * @param rows verified, or walked where there was nothing to look at
 * @param changed rows changed by the run
 * @param stillMatching rows that matched {@code where} even after their change
 * @param unchanged rows that had to change, did not, and were still there: a trigger has skipped them. Where it is not
 *     0, the condition holds for them all the same
 * @param collapsed source rows of an {@code insert} that gave no row of their own, because one with that key was there
 * @param sharedKeys those of them that share their key with another source row of the same batch
 * @param orphansChecked whether the filled table was searched for rows without a source
 * @param sweeps done for late rows
 * @param verifiedAsOf start of the look's first read, by the clock of the target, as all moments here
 * @param verifiedUntil end of that look; null in evidence of an older version
 * @param analyzedAt as of when the changed table's statistics are
 * @param systemIdentifier of the cluster
 * @param databaseName of the database
 * @param timeline of the cluster; evidence from before a promotion is void
 * @param repeatable whether a second run would change nothing that this one has done
 */
public record Evidence(
        String verification,
        @Nullable String condition,
        String because,
        long rows,
        long changed,
        long stillMatching,
        long unchanged,
        long collapsed,
        long sharedKeys,
        boolean orphansChecked,
        int sweeps,
        Instant verifiedAsOf,
        @Nullable Instant verifiedUntil,
        Instant analyzedAt,
        String systemIdentifier,
        String databaseName,
        int timeline,
        boolean repeatable) {

    /** When the rows were last verified. */
    public Instant lookedAt() {
        return verifiedUntil == null ? verifiedAsOf : verifiedUntil;
    }

    /** How long the last look took; zero where an older version did not note it. */
    public Duration lookLength() {
        Duration length = Duration.between(verifiedAsOf, lookedAt());
        return length.isNegative() ? Duration.ZERO : length;
    }

    /** The same proof, of a later look. */
    public Evidence renewed(long seen, Instant asOf, Instant until, Identity now) {
        return new Evidence(
                verification,
                condition,
                because,
                seen,
                changed,
                stillMatching,
                unchanged,
                collapsed,
                sharedKeys,
                orphansChecked,
                sweeps,
                asOf,
                until,
                analyzedAt,
                now.systemIdentifier(),
                now.databaseName(),
                now.timeline(),
                repeatable);
    }
}
