package dev.sluice.database;

import java.util.Set;
import org.postgresql.util.ServerErrorMessage;

/**
 * Where an error of the server arose, and so what its text can speak of. The SQLSTATE does not tell: a value that is
 * cast to {@code regclass} is quoted under 42P01, one that is cast to an enum under 55P04, and a trigger may raise any.
 *
 * <ul>
 *   <li>An error with a position arose while the text of the statement was read, before any row was: it quotes that
 *       text alone. Errors within functions have no position there; the server tells theirs as an internal one.
 *   <li>FATAL errors, and those of the few places of the server's source that are named here, have texts that name
 *       objects of the database at most.
 *   <li>Whatever else the server says may have arisen while a row was read or written.
 * </ul>
 */
final class ErrorOrigin {
    /** Functions of the server's source: timeouts and cancels, read-only transactions, deadlocks, a full disk. */
    private static final Set<String> OF_THE_SERVER = Set.of(
            "ProcessInterrupts",
            "ProcessClientReadInterrupt",
            "PreventCommandIfReadOnly",
            "PreventCommandIfParallelMode",
            "PreventCommandDuringRecovery",
            "DeadLockReport",
            "mdextend",
            "mdzeroextend",
            "RevalidateCachedQuery");
    /** The one that refuses for want of a privilege. */
    private static final String REFUSES = "aclcheck_error";

    private ErrorOrigin() {}

    /** Whether the text may quote a row. */
    static boolean amongRows(ServerErrorMessage error) {
        if (error.getPosition() != 0 || "FATAL".equals(error.getSeverity()) || "PANIC".equals(error.getSeverity())) {
            return false;
        }
        String routine = String.valueOf(error.getRoutine());
        // of the statement's own tables and functions; within a trigger, a name may be made of a row
        boolean refused = routine.equals(REFUSES) && error.getWhere() == null;
        return !refused && !OF_THE_SERVER.contains(routine);
    }
}
