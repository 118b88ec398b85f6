package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.http.FakeServices;
import dev.sluice.job.Job;
import dev.sluice.metrics.Meters;
import dev.sluice.metrics.RunMeters;
import dev.sluice.run.Runs;
import dev.sluice.testing.TestEngine;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The status of every job is asked of the databases by one worker, not by each. */
class ReporterTest {
    private final List<String> asked = new ArrayList<>();
    private final FakeServices fakes = new FakeServices();
    private boolean mine;

    private final Runs runs = (Runs) Proxy.newProxyInstance(
            Runs.class.getClassLoader(), new Class<?>[] {Runs.class}, (proxy, method, arguments) -> {
                asked.add(method.getName());
                return fakes.latest();
            });

    @Test
    void onlyTheWorkerThatReportsAsksAndAGateOnlyWhereItMayBeOpen() {
        fakes.run("running");
        Job job = TestEngine.job("job: quiet\nmigrate: { table: t, set: { m: id }, where: m IS NULL }");
        try (Meters meters = new Meters()) {
            var reporter = new MetricsReporter(
                    runs,
                    name -> {
                        asked.add("gate " + name);
                        return FakeServices.open();
                    },
                    new RunMeters(meters.registry(), List.of("running", "succeeded")),
                    () -> mine,
                    () -> List.of(job));
            reporter.report();
            assertThat(asked).isEmpty();
            assertThat(meters.scrape()).contains("sluice_batches_total{database=\"main\",job=\"quiet\"}");
            mine = true;
            reporter.report();
            assertThat(asked).containsExactly("latest");
            assertThat(meters.scrape()).contains("job=\"users-full-name\"");
        }
    }
}
