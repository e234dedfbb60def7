#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/command.h"

enum { WORDS_MAX = 12 };

/* A command line in memory that may be written to, as the kernel gives it. */
struct line {
    char *argv[WORDS_MAX + 1];
    int argc;
    struct args args;
    struct err err;
    bool ok;
};

static void parse(struct line *line, const char *const *words)
{
    *line = (struct line){.argc = 1};
    line->argv[0] = xstrdup("onekey-agent");
    for (; words[line->argc - 1]; line->argc++)
        line->argv[line->argc] = xstrdup(words[line->argc - 1]);
    line->ok = args_parse(line->argc, line->argv, command_list, &line->args, &line->err);
}

static void release(struct line *line)
{
    args_release(&line->args);
    for (int i = 0; i < line->argc; i++)
        free(line->argv[i]);
}

#define auto_line __attribute__((cleanup(release)))

static void a_good_line_is_read(void **state)
{
    static const struct {
        const char *why;
        const char *words[WORDS_MAX];
        const char *command;
    } rows[] = {
        {"one word", {"status"}, "status"},
        {"two words", {"token", "check"}, "token check"},
        {"global options before", {"--json", "status"}, "status"},
        {"global options behind", {"status", "--json"}, "status"},
        {"global options between the words", {"config", "-q", "check", "--online"}, "config check"},
        {"an operand", {"show", "fw.bin"}, "show"},
        {"an operand that looks like an option", {"show", "--", "--json"}, "show"},
        {"a lone minus is an operand", {"explain", "-"}, "explain"},
        {"either a path", {"retry", "fw.bin", "--assume", "missing"}, "retry"},
        {"or all that failed", {"retry", "--failed"}, "retry"},
        {"a pause with its reason", {"pause", "--reason", "maintenance"}, "pause"},
        {"a time ago", {"list-firmwares", "--since", "7d"}, "list-firmwares"},
        {"a day", {"list-firmwares", "--since=2026-11-23"}, "list-firmwares"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_line struct line line;

        parse(&line, rows[i].words);
        if (!line.ok || strcmp(line.args.command->name, rows[i].command) != 0)
            fail_msg("%s: %s", rows[i].why, line.ok ? line.args.command->name : line.err.message);
    }
}

static void a_bad_line_says_what_is_wrong(void **state)
{
    static const struct {
        const char *why;
        const char *words[WORDS_MAX];
        const char *message;
    } rows[] = {
        {"nothing", {NULL}, "no command is given"},
        {"a typo", {"stauts"}, "unknown command stauts; did you mean status?"},
        {"far from everything", {"quux"}, "unknown command quux"},
        {"a command of another version", {"mirror"}, "unknown command mirror"},
        {"another one", {"undo"}, "unknown command undo"},
        {"half a command", {"token"}, "token needs a second word"},
        {"a wrong second word",
         {"token", "chekc"},
         "unknown command token chekc; did you mean token check?"},
        {"a second word of a version to come", {"token", "set"}, "unknown command token set"},
        {"an unknown option", {"status", "--jsn"}, "unknown option --jsn; did you mean --json?"},
        {"another command's option", {"resume", "--online"}, "unknown option --online"},
        {"a part of a name", {"status", "--jso"}, "unknown option --jso; did you mean --json?"},
        {"an unknown letter", {"status", "-x"}, "unknown option -x"},
        {"its own option too early",
         {"--dry-run", "once"},
         "option --dry-run belongs behind the command's name"},
        {"a value that is missing", {"status", "--config"}, "option --config needs a value: FILE"},
        {"an empty value", {"--tenant", "", "status"}, "option --tenant: its value is empty"},
        {"an empty value in the word",
         {"--tenant=", "status"},
         "option --tenant: its value is empty"},
        {"a value for a flag", {"status", "--json=yes"}, "option --json takes no value"},
        {"no duration", {"status", "--lock-wait", "5"}, "option --lock-wait: \"5\" is no duration"},
        {"no number", {"list-firmwares", "--limit", "many"}, "option --limit: \"many\" is no"},
        {"no row at all", {"list-firmwares", "--limit", "0"}, "option --limit: it is 0"},
        {"no word of the list",
         {"--log-level", "loud", "status"},
         "option --log-level: write one of alert|error|warn|info|debug"},
        {"a part of a word",
         {"--log-format", "jso", "status"},
         "option --log-format: write one of text|json"},
        {"no time", {"list-firmwares", "--since", "yesterday"}, "option --since: write a day"},
        {"an operand too many", {"show", "a", "b"}, "show: too many arguments"},
        {"an operand for none", {"status", "a"}, "status takes no arguments"},
        {"an operand too few", {"explain"}, "explain needs PATH"},
        {"neither a path nor all", {"retry"}, "retry needs either a PATH or --failed"},
        {"both", {"retry", "a", "--failed"}, "retry needs either a PATH or --failed"},
        {"a decision for all",
         {"retry", "--failed", "--assume", "missing"},
         "--assume decides one"},
        {"a pause without a reason", {"pause"}, "pause needs --reason TEXT"},
        {"a daemon without TLS", {"run", "--disable-tls-verify"}, "run refuses --disable-tls-ver"},
        {"no result to print", {"--json", "run"}, "run prints no result"},
        {"waiting for what is not sent",
         {"once", "--dry-run", "--no-wait"},
         "--dry-run sends noth"},
        {"a control character", {"a\033[2J"}, "unknown command a\\x1b[2J"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_line struct line line;

        parse(&line, rows[i].words);
        if (line.ok)
            fail_msg("%s: taken", rows[i].why);
        if (line.err.kind != ERR_USAGE ||
            strncmp(line.err.message, rows[i].message, strlen(rows[i].message)) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", rows[i].why, line.err.message, rows[i].message);
    }
}

static void every_option_lands_in_its_place(void **state)
{
    auto_line struct line line;
    const char *const words[] = {
        "-cfile", "--api-url=https://a/", "--token-file", "f",         "--tenant", "Acme", "once",
        "-q",     "--lock-wait",          "5s",           "--no-wait", NULL};

    (void)state;
    parse(&line, words);
    assert_true(line.ok);
    assert_string_equal(line.args.config, "file");
    assert_string_equal(line.args.api_url, "https://a/");
    assert_string_equal(line.args.token_file, "f");
    assert_string_equal(line.args.tenant, "Acme");
    assert_true(line.args.quiet);
    assert_true(line.args.no_wait);
    assert_false(line.args.json);
    assert_int_equal(line.args.lock_wait_ms, 5000);
    assert_int_equal(line.args.wait_timeout_ms, ARGS_NOT_SAID);
}

/* Each option of each table, set alone, changes its own member and nothing else. */
static void no_two_options_share_a_member(void **state)
{
    (void)state;
    for (size_t c = 0; command_list[c]; c++) {
        const struct args_option *tables[] = {args_global_options, command_list[c]->options};

        for (size_t t = 0; t < COUNT_OF(tables); t++) {
            for (const struct args_option *a = tables[t]; a && a->name; a++) {
                assert_true(a->help && *a->help);
                assert_true((a->kind == ARGS_FLAG) == (a->value == NULL));
                for (const struct args_option *b = a + 1; b->name; b++) {
                    if (a->offset == b->offset || strcmp(a->name, b->name) == 0)
                        fail_msg("%s and %s", a->name, b->name);
                }
            }
        }
    }
}

static void the_last_of_an_option_holds(void **state)
{
    auto_line struct line line;
    const char *const words[] = {"--token", "first", "status", "--token=second", NULL};

    (void)state;
    parse(&line, words);
    assert_true(line.ok);
    assert_string_equal(line.args.token, "second");
}

static void a_token_is_wiped_from_argv(void **state)
{
    static const struct {
        const char *why;
        const char *words[WORDS_MAX];
    } rows[] = {
        {"a word of its own", {"--token", "5ecret/value", "token", "check"}},
        {"in the option's word", {"token", "check", "--token=5ecret/value"}},
        {"before a mistake", {"--token", "5ecret/value", "stauts"}},
        {"twice", {"--token", "5ecret/value", "--token=5ecret/value", "status"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_line struct line line;

        parse(&line, rows[i].words);
        assert_string_equal(line.args.token, "5ecret/value");
        for (int w = 1; w < line.argc; w++) {
            size_t size = strlen(rows[i].words[w - 1]);

            if (memmem(line.argv[w], size, "5ecret", 6) || memmem(line.argv[w], size, "value", 5))
                fail_msg("%s: it is still in argv[%d]", rows[i].why, w);
        }
    }
}

/* A mistyped --token must not bring the token into a CI log. */
static void no_message_repeats_a_value(void **state)
{
    static const struct {
        const char *why;
        const char *words[WORDS_MAX];
    } rows[] = {
        {"a mistyped option", {"--tokn=5ecret", "status"}},
        {"a mistyped option with a word", {"--tokn", "5ecret", "status"}},
        {"an argument too many", {"token", "check", "5ecret"}},
        {"a value for a flag", {"--json=5ecret", "status"}},
        {"a wrong word", {"--log-level=5ecret", "status"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_line struct line line;

        parse(&line, rows[i].words);
        assert_false(line.ok);
        if (strstr(line.err.message, "5ecret"))
            fail_msg("%s: %s", rows[i].why, line.err.message);
    }
}

static void help_is_given_whatever_else_is_wrong(void **state)
{
    static const char *const lines[][WORDS_MAX] = {
        {"--help"},          {"-h"},          {"status", "--help"}, {"token", "--help"},
        {"pause", "--help"}, {"show", "-qh"}, {"--help", "stauts"}, {"--version"},
        {"--help", "--jsn"}, {"retry", "-h"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        auto_line struct line line;

        parse(&line, lines[i]);
        if (!line.ok || !(line.args.help || line.args.version))
            fail_msg("%s %s", lines[i][0], lines[i][1] ? lines[i][1] : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_line_is_read),
        cmocka_unit_test(a_bad_line_says_what_is_wrong),
        cmocka_unit_test(every_option_lands_in_its_place),
        cmocka_unit_test(no_two_options_share_a_member),
        cmocka_unit_test(the_last_of_an_option_holds),
        cmocka_unit_test(a_token_is_wiped_from_argv),
        cmocka_unit_test(no_message_repeats_a_value),
        cmocka_unit_test(help_is_given_whatever_else_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
