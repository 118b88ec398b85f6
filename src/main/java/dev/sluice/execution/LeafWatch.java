package dev.sluice.execution;

import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Relations;
import dev.sluice.database.Databases;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.Actor;
import dev.sluice.event.EventLog;
import dev.sluice.run.ResolvedJob;
import dev.sluice.table.TableFacts;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a run's checkpoints in step with the leaves of its partitioned table, and tells of those that went: what is no
 * partition of the table any more is an empty range.
 */
final class LeafWatch {
    private static final Logger LOG = LoggerFactory.getLogger(LeafWatch.class);

    private final Relations relations;
    private final EventLog events;
    private final Actor actor;
    private final RunRecord run;

    LeafWatch(ResolvedJob resolved, Databases databases, Actor actor, RunRecord run) {
        this.relations = new Relations(resolved.database());
        this.events = new EventLog(databases.control().sql());
        this.actor = actor;
        this.run = run;
    }

    /**
     * After a batch was refused, or did not find its table. A leaf is followed to its new name ({@link #settle}); the
     * job's own table is the one that has the name in the job file.
     *
     * @throws RunFailed {@code table-replaced} where that is not the one that the run began on
     */
    void requireSame(PartitionId id, TableFacts facts) throws RunFailed {
        if (facts.partitioned()) {
            settle(id, facts);
            return;
        }
        Optional<Relations.Renamed> renamed = relations.renamed(id);
        if (renamed.isPresent()) {
            throw new RunFailed(
                    Failures.tableReplaced(facts.name(), renamed.get().now()));
        }
    }

    /**
     * Before a partition is claimed. Looks at this one, and only where it is not as its checkpoint says at all of them:
     * there may be thousands, and each is claimed once.
     */
    void settle(PartitionId id, TableFacts facts) {
        if (facts.partitioned() && !relations.isInStep(id, facts.oid())) {
            settle(id.pass(), facts);
        }
    }

    /** All that are open. */
    void settle(int pass, TableFacts facts) {
        if (!facts.partitioned()) {
            return;
        }
        for (Relations.Gone gone : relations.settle(run.getId(), pass, facts.oid())) {
            LOG.warn(
                    "run {} of {}: {} is no partition of {} any more; nothing more is changed there",
                    run.getId(),
                    run.getJob(),
                    gone.relation(),
                    facts.name());
            events.append(
                    actor,
                    "partition.gone",
                    run.getJob(),
                    run.getId(),
                    Map.of(
                            "relation",
                            gone.relation(),
                            "pass",
                            gone.id().pass(),
                            "partition",
                            gone.id().partition()));
        }
    }
}
