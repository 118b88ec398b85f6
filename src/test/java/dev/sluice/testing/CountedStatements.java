package dev.sluice.testing;

import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jooq.ExecuteContext;
import org.jooq.ExecuteListener;

/**
 * Every statement that Sluice's own SQL sends to databases, or would where one does not answer, in order. What goes
 * around jOOQ is not seen; nothing that reads a status does.
 */
public final class CountedStatements implements ExecuteListener {
    private static final long serialVersionUID = 1L;

    private final transient List<String> sent = Collections.synchronizedList(new ArrayList<>());

    private CountedStatements() {}

    /** Those to all of these, from now on. */
    public static CountedStatements of(Databases databases) {
        CountedStatements counted = new CountedStatements();
        databases.all().forEach(counted::also);
        return counted;
    }

    /** Those to this one, from now on. */
    public static CountedStatements of(Database database) {
        CountedStatements counted = new CountedStatements();
        counted.also(database);
        return counted;
    }

    private void also(Database database) {
        database.sql().configuration().set(this);
    }

    /** Before a connection is asked for. */
    @Override
    public void renderEnd(ExecuteContext ctx) {
        sent.add(String.valueOf(ctx.sql()));
    }

    /** What this sends. */
    public List<String> during(Runnable work) {
        sent.clear();
        work.run();
        return List.copyOf(sent);
    }
}
