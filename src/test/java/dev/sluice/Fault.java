package dev.sluice;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/** What may happen to workers, connections, server and runs while rows are changed. */
enum Fault {
    KILL("kill -9 of a worker", 4),
    FREEZE("SIGSTOP of a worker, SIGCONT after the takeover", 2),
    STOP("SIGTERM of a worker, and start", 2),
    DISCONNECT("pg_terminate_backend", 3),
    CRASH("immediate stop and start of the server", 1),
    SPLIT("split of a partition in mid-batch", 2),
    CANCEL("cancel and resume", 2);

    private final String text;
    private final int weight;

    Fault(String text, int weight) {
        this.text = text;
        this.weight = weight;
    }

    /**
     * Draws faults in a random order.
     *
     * @param count how many
     * @param least of each kind; the others come by weight
     */
    static List<Fault> draw(int count, int least, Random random) {
        List<Fault> drawn = new ArrayList<>();
        for (Fault kind : values()) {
            drawn.addAll(Collections.nCopies(least, kind));
        }
        List<Fault> urn = new ArrayList<>();
        for (Fault kind : values()) {
            urn.addAll(Collections.nCopies(kind.weight, kind));
        }
        while (drawn.size() < count) {
            drawn.add(one(urn, random));
        }
        Collections.shuffle(drawn, random);
        return drawn;
    }

    /** One of them, each as likely as the others. */
    static <T> T one(List<T> of, RandomGenerator random) {
        return of.get(random.nextInt(of.size()));
    }

    @Override
    public String toString() {
        return text;
    }
}
