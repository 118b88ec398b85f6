package dev.sluice.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.sluice.bench.Contender.Marks;
import dev.sluice.bench.Contender.Timing;
import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.BatchStatus;
import org.springframework.batch.core.configuration.annotation.EnableBatchProcessing;
import org.springframework.batch.core.configuration.annotation.EnableJdbcJobRepository;
import org.springframework.batch.core.configuration.annotation.StepScope;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.builder.JobBuilder;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.batch.core.launch.JobOperator;
import org.springframework.batch.core.partition.Partitioner;
import org.springframework.batch.core.repository.JobRepository;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.core.step.builder.StepBuilder;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.database.JdbcBatchItemWriter;
import org.springframework.batch.infrastructure.item.database.JdbcPagingItemReader;
import org.springframework.batch.infrastructure.item.database.Order;
import org.springframework.batch.infrastructure.item.database.builder.JdbcBatchItemWriterBuilder;
import org.springframework.batch.infrastructure.item.database.builder.JdbcPagingItemReaderBuilder;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * A Spring Batch job as its reference documentation writes it: a paging reader, a processor and a batch writer in
 * chunks of 1,000, the JDBC job repository in the same database; in one step, or in a step of two partitions by key
 * range. Rows are mapped and bound by hand, the quickest way there is. Timed: from the start to the end of the job
 * execution as the repository has it; the application context is started before.
 */
final class SpringBatch {
    private static final int CHUNK = 1000;

    private SpringBatch() {}

    /** In one step. */
    static Timing oneStep(TestPostgres.Fresh database, Marks marks) throws Exception {
        return run(database, marks, "one", "on");
    }

    /** In one step whose commits do not wait for the disk, as Sluice's batches do not. */
    static Timing oneStepWithoutWaiting(TestPostgres.Fresh database, Marks marks) throws Exception {
        return run(database, marks, "one", "off");
    }

    /** In a partitioned step: two key ranges, each in a thread of its own. */
    static Timing twoPartitions(TestPostgres.Fresh database, Marks marks) throws Exception {
        return run(database, marks, "two", "on");
    }

    private static Timing run(TestPostgres.Fresh database, Marks marks, String name, String synchronousCommit)
            throws Exception {
        try (var pool = new HikariDataSource();
                var context = new AnnotationConfigApplicationContext()) {
            pool.setJdbcUrl(database.url());
            pool.setUsername(database.user());
            pool.setPassword(database.password());
            pool.setConnectionInitSql("SET synchronous_commit = " + synchronousCommit);
            new ResourceDatabasePopulator(new ClassPathResource("org/springframework/batch/core/schema-postgresql.sql"))
                    .execute(pool);
            context.registerBean("dataSource", DataSource.class, () -> pool);
            context.register(Jobs.class);
            context.refresh();
            marks.begin();
            JobExecution end =
                    context.getBean(JobOperator.class).start(context.getBean(name, Job.class), new JobParameters());
            marks.end();
            if (end.getStatus() != BatchStatus.COMPLETED || end.getStartTime() == null || end.getEndTime() == null) {
                throw new IllegalStateException("Spring Batch: " + end);
            }
            return new Timing(
                    Duration.between(end.getStartTime(), end.getEndTime()).toNanos() / 1e9);
        }
    }

    /** A row as the job sees it. */
    record Person(long id, String first, String last) {}

    /** The row as it is written. */
    record Filled(long id, String full) {}

    /** The job in both forms. */
    @Configuration
    @EnableBatchProcessing
    @EnableJdbcJobRepository
    static class Jobs {
        @Bean
        PlatformTransactionManager transactionManager(DataSource pool) {
            return new JdbcTransactionManager(pool);
        }

        @Bean
        Job one(JobRepository repository, Step wholeTable) {
            return new JobBuilder("one", repository).start(wholeTable).build();
        }

        @Bean
        Job two(JobRepository repository, Step halves) {
            return new JobBuilder("two", repository).start(halves).build();
        }

        @Bean
        Step wholeTable(JobRepository repository, PlatformTransactionManager transactions, DataSource pool)
                throws Exception {
            return chunks("wholeTable", repository, transactions, reader(pool, "", Map.of()), pool);
        }

        @Bean
        Step halves(JobRepository repository, Step half, DataSource pool) {
            return new StepBuilder("halves", repository)
                    .partitioner("half", byKeyRange(pool))
                    .step(half)
                    .gridSize(2)
                    .taskExecutor(new SimpleAsyncTaskExecutor())
                    .build();
        }

        @Bean
        Step half(
                JobRepository repository,
                PlatformTransactionManager transactions,
                JdbcPagingItemReader<Person> halfReader,
                DataSource pool) {
            return chunks("half", repository, transactions, halfReader, pool);
        }

        @Bean
        @StepScope
        JdbcPagingItemReader<Person> halfReader(
                DataSource pool,
                @Value("#{stepExecutionContext['min']}") @Nullable Long min,
                @Value("#{stepExecutionContext['max']}") @Nullable Long max)
                throws Exception {
            Map<String, Object> range = new HashMap<>();
            range.put("min", min);
            range.put("max", max);
            return reader(pool, " AND id BETWEEN :min AND :max", range);
        }

        private static Step chunks(
                String name,
                JobRepository repository,
                PlatformTransactionManager transactions,
                JdbcPagingItemReader<Person> reader,
                DataSource pool) {
            return new StepBuilder(name, repository)
                    .<Person, Filled>chunk(CHUNK)
                    .transactionManager(transactions)
                    .reader(reader)
                    .processor(p -> new Filled(p.id(), p.first() + ' ' + p.last()))
                    .writer(writer(pool))
                    .build();
        }

        private static JdbcPagingItemReader<Person> reader(DataSource pool, String range, Map<String, Object> values)
                throws Exception {
            return new JdbcPagingItemReaderBuilder<Person>()
                    .name("people")
                    .dataSource(pool)
                    .selectClause("SELECT id, first_name, last_name")
                    .fromClause("FROM app.people")
                    .whereClause("WHERE full_name IS NULL" + range)
                    .parameterValues(values)
                    .sortKeys(Map.of("id", Order.ASCENDING))
                    .pageSize(CHUNK)
                    .fetchSize(CHUNK)
                    .rowMapper((row, n) -> new Person(row.getLong(1), row.getString(2), row.getString(3)))
                    .build();
        }

        private static JdbcBatchItemWriter<Filled> writer(DataSource pool) {
            var writer = new JdbcBatchItemWriterBuilder<Filled>()
                    .dataSource(pool)
                    .sql("UPDATE app.people SET full_name = ? WHERE id = ?")
                    .itemPreparedStatementSetter((filled, statement) -> {
                        statement.setString(1, filled.full());
                        statement.setLong(2, filled.id());
                    })
                    .build();
            writer.afterPropertiesSet();
            return writer;
        }

        private static Partitioner byKeyRange(DataSource pool) {
            return grid -> {
                long last = Objects.requireNonNull(
                        new JdbcTemplate(pool).queryForObject("SELECT max(id) FROM app.people", Long.class));
                Map<String, ExecutionContext> ranges = new HashMap<>();
                for (int i = 0; i < grid; i++) {
                    var range = new ExecutionContext();
                    range.putLong("min", last * i / grid + 1);
                    range.putLong("max", last * (i + 1) / grid);
                    ranges.put("half" + i, range);
                }
                return ranges;
            };
        }
    }
}
