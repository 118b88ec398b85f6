package dev.sluice.job;

/** In how many stripes a range of keys is walked ({@code migrate.stripes}). */
public sealed interface Stripes {
    /** The engine chooses, and goes on choosing, by what it measures on the run. */
    record Auto() implements Stripes {}

    /** None: each batch takes its keys at once. */
    record Off() implements Stripes {}

    /**
     * Always so many.
     *
     * @param number a power of two from 2 to 64
     */
    record Fixed(int number) implements Stripes {}

    /** What a job file says that says nothing. */
    Stripes DEFAULT = new Auto();

    /** As in the job file: {@code auto}, {@code off} or the number. */
    default String text() {
        return switch (this) {
            case Auto() -> "auto";
            case Off() -> "off";
            case Fixed(int number) -> Integer.toString(number);
        };
    }
}
