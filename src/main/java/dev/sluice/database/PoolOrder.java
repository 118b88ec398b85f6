package dev.sluice.database;

/**
 * The order in which one thread may take connections: one that has a connection may ask for one of a pool that comes
 * later, and for no other. Threads that all keep to it never wait in a circle; threads that ask a pool for a second
 * connection wait for each other as soon as the pool is small, until all of them give up and take the database for
 * away.
 */
enum PoolOrder {
    /** of transactions in the control database that stay open while a target is asked */
    AROUND,
    /** of everything else */
    ROWS,
    /** Quartz's own */
    SCHEDULE
}
