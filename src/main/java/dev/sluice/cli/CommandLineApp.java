package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.config.Role;
import dev.sluice.problem.Printable;
import dev.sluice.problem.Problem;
import dev.sluice.time.DurationText;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The command line: reads arguments, runs the command, says how it went by the exit code; see {@link Exit}. */
public final class CommandLineApp {
    private final Terminal terminal;
    private final CommandLine commands;

    /**
     * @param dependencies what only the top of the program can do
     * @param terminal where to print
     */
    public CommandLineApp(CliDependencies dependencies, Terminal terminal) {
        this.terminal = terminal;
        this.commands = new CommandLine(new Root())
                .addSubcommand(new LocalCommands.Dev(terminal, dependencies))
                .addSubcommand(new LocalCommands.Worker(terminal, dependencies))
                .addSubcommand(new LocalCommands.Validate(terminal, dependencies))
                .addSubcommand(new PlanCommand(terminal))
                .addSubcommand(new RunCommands.Start(terminal))
                .addSubcommand(new StatusCommand(terminal))
                .addSubcommand(new RunCommands.Pause(terminal))
                .addSubcommand(new RunCommands.Resume(terminal))
                .addSubcommand(new RunCommands.Cancel(terminal))
                .addSubcommand(new RunCommands.Tune(terminal))
                .addSubcommand(new FleetCommands.StopAll(terminal))
                .addSubcommand(new FleetCommands.ResumeAll(terminal))
                .addSubcommand(
                        new CommandLine(new GateCommand(terminal)).addSubcommand(new GateCommand.Switch(terminal)))
                .addSubcommand(new EventsCommand(terminal))
                .addSubcommand(new LocalCommands.Token(terminal))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(
                        Duration.class,
                        text -> DurationText.parse(text)
                                .orElseThrow(() ->
                                        new TypeConversionException("'" + text + "' is not " + DurationText.FORM)))
                .registerConverter(
                        Role.class,
                        text -> Role.of(text)
                                .orElseThrow(() -> new TypeConversionException(
                                        "'" + text + "' is not viewer, operator or approver")))
                .setOut(writer(terminal.out()))
                .setErr(writer(terminal.err()))
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        terminal.watched() ? CommandLine.Help.Ansi.AUTO : CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(this::wrongUsage)
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
        version(commands, "sluice " + dependencies.version());
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, StandardCharsets.UTF_8);
    }

    private static void version(CommandLine command, String version) {
        command.getCommandSpec().version(version);
        command.getCommandSpec().exitCodeOnInvalidInput(Exit.USAGE).exitCodeOnExecutionException(Exit.ERROR);
        command.getSubcommands().values().forEach(sub -> version(sub, version));
    }

    @Command(
            name = "sluice",
            mixinStandardHelpOptions = true,
            description =
                    "Background backfills for expand-and-contract database changes: throttled, resumable, exactly once.",
            footer = {
                "",
                "Exit codes: 0 done, or the gate is open; 1 the gate is closed, or there are findings; 2 an error; 3 wrong usage.",
                "A first look: sluice dev"
            })
    private static final class Root implements Runnable {
        @CommandLine.Spec
        @Nullable
        CommandSpec spec;

        @Override
        public void run() {
            if (spec != null) {
                throw new ParameterException(spec.commandLine(), "Name a command.");
            }
        }
    }

    /**
     * Runs a command.
     *
     * @param args as the process got them
     * @return the exit code
     */
    public int run(String[] args) {
        return commands.execute(args);
    }

    private int wrongUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        terminal.err().println(Printable.text(String.valueOf(e.getMessage())));
        boolean suggested = CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr());
        command.getErr().flush();
        boolean bare = args.length == 0;
        if (bare) {
            command.usage(command.getErr());
        } else if (!suggested) {
            terminal.err().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        }
        if (wantsJson(args)) {
            ObjectNode problem = ApiClient.JSON.createObjectNode();
            problem.put("type", "urn:sluice:problem:usage");
            problem.put("detail", e.getMessage());
            problem.put("code", "usage");
            problem.putObject("details").put("command", command.getCommandSpec().qualifiedName());
            terminal.out().println(problem);
        }
        return Exit.USAGE;
    }

    /** What was not understood cannot be asked, so the words themselves are looked at. */
    private static boolean wantsJson(String[] args) {
        for (int i = 0; i < args.length; i++) {
            boolean next = args[i].equals("--output") && i + 1 < args.length && args[i + 1].equalsIgnoreCase("json");
            if (next || args[i].equalsIgnoreCase("--output=json")) {
                return true;
            }
        }
        return false;
    }

    /** Every exception ends here: in words on stderr, and as a problem on stdout where JSON is asked for. */
    private int failed(Exception e, CommandLine command) {
        ObjectNode problem = switch (e) {
            case ApiClient.Refused refused -> refused.problem().deepCopy();
            case ApiClient.Away away -> problem("server-away", away);
            case Problem p -> problem(p.code(), p);
            case InterruptedException interrupted -> problem("interrupted", interrupted);
            default -> problem("internal", e);
        };
        terminal.err().println(Printable.text("error: " + problem.path("detail").asText()));
        if (problem.path("code").asText().equals("internal") && !(e instanceof ApiClient.Refused)) {
            Arrays.stream(e.getStackTrace())
                    .limit(12)
                    .forEach(line -> terminal.err().println("    at " + line));
        }
        if (command.getCommand() instanceof Subcommand sub && sub.json()) {
            sub.print(problem);
        }
        return Exit.ERROR;
    }

    private static ObjectNode problem(String code, Exception e) {
        ObjectNode problem = ApiClient.JSON.createObjectNode();
        problem.put("type", "urn:sluice:problem:" + code);
        problem.put(
                "detail",
                e instanceof Problem || e instanceof ApiClient.Away ? String.valueOf(e.getMessage()) : e.toString());
        problem.put("code", code);
        if (e instanceof Problem p) {
            problem.set("details", ApiClient.JSON.<JsonNode>valueToTree(p.details()));
        }
        return problem;
    }
}
