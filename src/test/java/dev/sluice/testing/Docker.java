package dev.sluice.testing;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.testcontainers.DockerClientFactory;

/** Whether containers can be had here. */
public final class Docker {
    /** For one image, over a slow line; where no registry answers, that is known at once. */
    private static final long PULL_MINUTES = 5;

    private Docker() {}

    /**
     * Asks for the daemon and for images, and pulls those it has not. Testcontainers would ask a registry that does not
     * answer for minutes, and again for the next container; this asks once.
     *
     * @param images such as {@code postgres:18}
     * @return empty where all is there; otherwise what is missing
     */
    public static Optional<String> lacks(String... images) {
        DockerClient client;
        try {
            client = DockerClientFactory.instance().client();
            client.pingCmd().exec();
        } catch (RuntimeException e) {
            return Optional.of("no Docker daemon answers (" + firstLine(e) + ")");
        }
        for (String image : images) {
            try {
                if (!isThere(client, image)
                        && !client.pullImageCmd(image).start().awaitCompletion(PULL_MINUTES, TimeUnit.MINUTES)) {
                    return Optional.of("the image " + image + " was not pulled within " + PULL_MINUTES + " minutes");
                }
            } catch (RuntimeException e) {
                return Optional.of("the image " + image + " is not there and cannot be pulled (" + firstLine(e) + ")");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.of("interrupted while the image " + image + " was pulled");
            }
        }
        return Optional.empty();
    }

    private static boolean isThere(DockerClient client, String image) {
        try {
            client.inspectImageCmd(image).exec();
            return true;
        } catch (NotFoundException e) {
            return false;
        }
    }

    private static String firstLine(RuntimeException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
