package dev.sluice.job;

import java.math.BigDecimal;
import java.math.BigInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** A number of a YAML text, in a form that the schema library can compare with any bound. */
final class YamlNumber {
    private static final int LONGEST = 100;
    private static final BigDecimal BEYOND_LONG = BigDecimal.TWO.pow(63);
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private YamlNumber() {}

    /** One that is too long to be meant as a number, or none at all such as {@code .inf}, stays text. */
    static JsonNode read(String text, boolean whole) {
        if (text.length() > LONGEST) {
            return JSON.stringNode(text);
        }
        try {
            if (whole) {
                return JSON.numberNode(integer(text));
            }
            BigDecimal number = new BigDecimal(text);
            if (Math.abs((long) number.scale()) > LONGEST) {
                return JSON.stringNode(text);
            }
            // the library fails on a fraction beyond 64 bits where the schema wants a whole number
            return number.abs().compareTo(BEYOND_LONG) < 0
                    ? JSON.numberNode(number)
                    : JSON.numberNode(number.toBigInteger());
        } catch (NumberFormatException e) {
            return JSON.stringNode(text);
        }
    }

    private static BigInteger integer(String text) {
        if (text.startsWith("0x")) {
            return new BigInteger(text.substring(2), 16);
        }
        return text.startsWith("0o") ? new BigInteger(text.substring(2), 8) : new BigInteger(text);
    }
}
