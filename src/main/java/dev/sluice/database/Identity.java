package dev.sluice.database;

/**
 * Which database this is. A restored copy has the same name and another identity from the moment it is promoted.
 *
 * @param systemIdentifier of the cluster, decimal
 * @param databaseName {@code current_database()}
 * @param timeline grows with every promotion; evidence from an older timeline is void
 * @param serverVersion {@code server_version_num}, such as 180006
 */
public record Identity(String systemIdentifier, String databaseName, int timeline, int serverVersion) {

    /** Whether both are the same database, whatever the timeline. */
    public boolean sameDatabase(Identity other) {
        return systemIdentifier.equals(other.systemIdentifier) && databaseName.equals(other.databaseName);
    }

    /** Major version, such as 18. */
    public int major() {
        return serverVersion / 10000;
    }
}
