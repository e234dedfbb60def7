#include "test.h"

#include "cli/command.h"
#include "cli/help.h"
#include "printed.h"

enum { SCREEN_LINES = 48, SCREEN_COLUMNS = 100 };

/* The commands of this version; what is not here must not look as if it worked. */
static const char *const names[] = {
    "run",     "once",         "status",      "list-firmwares", "show",
    "explain", "retry",        "forget",      "pause",          "resume",
    "rescan",  "list-tenants", "token check", "config check",   "config show",
};

static void fits_a_screen(const char *name, const char *text)
{
    size_t lines = 0;

    for (const char *at = text; *at; lines++) {
        size_t size = strcspn(at, "\n");

        if (size > SCREEN_COLUMNS)
            fail_msg("help of %s: too wide: %.*s", name, (int)size, at);
        at += size + (at[size] == '\n');
    }
    if (lines > SCREEN_LINES)
        fail_msg("help of %s has %zu lines", name, lines);
}

static void the_commands_are_those_of_this_version(void **state)
{
    size_t count = 0;

    (void)state;
    for (; command_list[count]; count++)
        assert_string_equal(command_list[count]->name, names[count]);
    assert_int_equal(count, COUNT_OF(names));
}

static void every_command_has_help_that_ends_with_examples(void **state)
{
    (void)state;
    for (size_t i = 0; command_list[i]; i++) {
        const struct command *command = command_list[i];
        auto_printed struct printed printed;

        printed_begin(&printed);
        help_command(&printed.out, command);
        const char *text = printed_text(&printed);
        printed_wants("usage", text, "Usage: onekey-agent [global options] ");
        printed_wants("name", text, command->name);
        printed_wants("summary", text, command->summary);
        printed_wants("examples", text, "\nExamples:\n  onekey-agent ");
        for (const struct args_option *option = command->options; option && option->name; option++)
            printed_wants(command->name, text, option->name);
        fits_a_screen(command->name, text);
    }
}

static void the_program_lists_commands_and_global_options(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    printed_begin(&printed);
    help_program(&printed.out, command_list);
    const char *text = printed_text(&printed);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        printed_wants("command", text, names[i]);
    for (const struct args_option *option = args_global_options; option->name; option++)
        printed_wants("option", text, option->name);
    fits_a_screen("the program", text);
}

static void a_group_lists_its_own_commands(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    printed_begin(&printed);
    help_group(&printed.out, "config", command_list);
    printed_wants("one", printed_text(&printed), "config check");
    printed_wants("other", printed_text(&printed), "config show");
    printed_lacks("another group's", printed_text(&printed), "token check");
}

static void the_version_names_every_library(void **state)
{
    static const char *const libraries[] = {"libuv ",   "libcurl ", "libyaml ",   "SQLite ",
                                            "jansson ", "PCRE2 ",   "libcrypto ", "zlib ",
                                            "expat ",   "OpenSSL/"};
    auto_printed struct printed printed;

    (void)state;
    printed_begin(&printed);
    help_version(&printed.out);
    printed_wants("the program first", printed_text(&printed), "onekey-agent " AGENT_VERSION "\n");
    for (size_t i = 0; i < COUNT_OF(libraries); i++)
        printed_wants("library", printed_text(&printed), libraries[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_commands_are_those_of_this_version),
        cmocka_unit_test(every_command_has_help_that_ends_with_examples),
        cmocka_unit_test(the_program_lists_commands_and_global_options),
        cmocka_unit_test(a_group_lists_its_own_commands),
        cmocka_unit_test(the_version_names_every_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
