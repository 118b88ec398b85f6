package dev.sluice.dev;

import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * What the command line says.
 *
 * @param people {@code --rows}; empty for what is there already, or {@link SampleTables#DEFAULT_PEOPLE}
 * @param fresh {@code --fresh}: throw the data away first
 * @param exit {@code --exit}: end when the jobs have been run, instead of going on serving
 * @param port for the worker's HTTP; 0 for any free one
 * @param jobs the folder of job files to run
 */
public record DevOptions(OptionalLong people, boolean fresh, boolean exit, int port, Path jobs) {}
