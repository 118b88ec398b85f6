package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How much WAL waits for the archive, in whole segments: those between the last one that was archived and the one that
 * is being written. Counted from the statistics of the archiver, which every role may read.
 */
public final class WalArchive implements DatabaseSource {
    private static final Query ARCHIVER = new Query("""
            SELECT a.last_archived_wal, a.last_failed_wal,
                   coalesce(a.last_failed_time > coalesce(a.last_archived_time, '-infinity'), false) AS failing,
                   pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) AS here,
                   pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size')) AS size
              FROM pg_catalog.pg_stat_archiver a
             WHERE pg_catalog.current_setting('archive_mode') <> 'off'""");

    /** Everything below is archived, as far as is known. */
    private OptionalLong waitsFrom = OptionalLong.empty();

    /**
     * What the statistics say.
     *
     * @param archived the last file; null where none was since the statistics were reset
     * @param failed the last file that could not be archived; null likewise
     * @param failing whether the last attempt failed
     * @param here the file that is being written
     * @param size bytes of a segment
     */
    record Archiver(@Nullable String archived, @Nullable String failed, boolean failing, String here, long size) {
        private static Archiver of(ResultSet row) throws SQLException {
            return new Archiver(
                    row.getString("last_archived_wal"),
                    row.getString("last_failed_wal"),
                    row.getBoolean("failing"),
                    row.getString("here"),
                    row.getLong("size"));
        }
    }

    @Override
    public String code() {
        return SignalKind.WAL_ARCHIVE.code();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(5);
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        List<Archiver> archiver = ARCHIVER.on(connection, Archiver::of);
        if (archiver.isEmpty()) {
            return NOTHING;
        }
        Archiver seen = archiver.getFirst();
        double bytes = waiting(seen);
        return List.of(Measurement.of(
                "limit", "", bytes, Amount.bytes(bytes) + (seen.failing() ? ", the last attempt failed" : "")));
    }

    /**
     * Bytes that wait. The last file may be no segment but the label of a backup or the history of a timeline, which
     * tell nothing; then what was known before holds, or else that everything up to the first reading was archived.
     */
    double waiting(Archiver seen) {
        long here = WalFile.segment(seen.here(), seen.size())
                .orElseThrow(() -> new IllegalStateException("no WAL file: " + seen.here()));
        OptionalLong archived = WalFile.segment(seen.archived(), seen.size());
        OptionalLong failed = WalFile.segment(seen.failed(), seen.size());
        if (archived.isPresent()) {
            waitsFrom = OptionalLong.of(Math.max(archived.getAsLong() + 1, waitsFrom.orElse(0)));
        } else if (waitsFrom.isEmpty()) {
            waitsFrom = seen.archived() == null && failed.isPresent() ? failed : OptionalLong.of(here);
        }
        return Math.max(0, here - waitsFrom.getAsLong()) * (double) seen.size();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WalArchive;
    }

    @Override
    public int hashCode() {
        return WalArchive.class.hashCode();
    }
}
