package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.PASS;
import static dev.sluice.database.schema.Tables.RUN_WANTED;
import static org.jooq.impl.DSL.any;
import static org.jooq.impl.DSL.inline;

import dev.sluice.database.Database;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jooq.DSLContext;

/**
 * Where runs on one database stand, read with two statements however many runs they are. Database errors come as jOOQ's
 * DataAccessException.
 */
public final class RunStandings {
    private static final Sums SUMS = new Sums(PASS.KIND.eq(inline(Pass.Kind.MIGRATE.code())));

    private final DSLContext sql;

    public RunStandings(Database database) {
        this.sql = database.sql();
    }

    /**
     * Where each of these runs stands.
     *
     * @param passes the number of the pass that each run is in
     * @return one for each
     */
    public Map<UUID, RunStanding> of(Map<UUID, Integer> passes) {
        UUID[] runs = passes.keySet().toArray(UUID[]::new);
        Map<UUID, List<RunStanding.Walked>> walked = walked(runs);
        Map<UUID, Tuning> tuning = sql.selectFrom(RUN_WANTED)
                .where(RUN_WANTED.RUN_ID.eq(any(runs)))
                .fetchMap(RUN_WANTED.RUN_ID, DesiredState::tuning);
        Map<UUID, RunStanding> standings = new HashMap<>();
        passes.forEach((run, pass) ->
                standings.put(run, RunStanding.of(pass, walked.getOrDefault(run, List.of()), tuning.get(run))));
        return standings;
    }

    private Map<UUID, List<RunStanding.Walked>> walked(UUID[] runs) {
        return sql.select(PASS.fields())
                .select(SUMS.columns())
                .from(PASS)
                .leftJoin(CHECKPOINT)
                .on(CHECKPOINT.RUN_ID.eq(PASS.RUN_ID), CHECKPOINT.PASS.eq(PASS.PASS_))
                // said of both, so that either is found by its index, whichever is read first
                .and(CHECKPOINT.RUN_ID.eq(any(runs)))
                .where(PASS.RUN_ID.eq(any(runs)))
                .groupBy(PASS.RUN_ID, PASS.PASS_)
                .fetchGroups(
                        r -> r.get(PASS.RUN_ID),
                        r -> new RunStanding.Walked(Checkpoints.pass(r.into(PASS)), SUMS.counts(r)));
    }
}
