#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/help_exits.h"
#include "cli/help_text.h"
#include "printed.h"

enum { SCREEN_LINES = 40, SCREEN_COLUMNS = 80 };

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

static void every_section_begins_at_a_command_of_the_list(void **state)
{
    size_t found = 0;

    (void)state;
    assert_ptr_equal(command_sections[0].first, command_list[0]);
    for (size_t i = 0; command_list[i]; i++)
        found += command_sections[found].head && command_sections[found].first == command_list[i];
    if (command_sections[found].head)
        fail_msg("section %s: its command is not in the list, or in another order",
                 command_sections[found].head);
}

static void families_stand_together(void **state)
{
    (void)state;
    for (size_t i = 1; command_list[i]; i++) {
        size_t size = command_family_size(command_list[i]);

        for (size_t k = 0; size > 0 && k + 1 < i; k++) {
            bool is_kin = command_family_size(command_list[k]) == size &&
                          strncmp(command_list[k]->name, command_list[i]->name, size) == 0;
            bool is_beside = strncmp(command_list[i - 1]->name, command_list[i]->name, size) == 0;

            if (is_kin && !is_beside)
                fail_msg("%s is apart from its family", command_list[i]->name);
        }
    }
}

/* Nothing but indented lines behind the head. */
static bool ends_with_examples(const char *text)
{
    const char *line = strstr(text, "\nExamples:\n");

    line = line ? line + strlen("\nExamples:\n") : "x";
    while (*line == ' ') {
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return *line == '\0';
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
        printed_wants("exit codes", text, "\nExit codes: 0 done, ");
        printed_wants("examples", text, "\nExamples:\n  ");
        assert_true(ends_with_examples(text));
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
    for (size_t i = 0; command_list[i]; i++) {
        const char *last = strrchr(command_list[i]->name, ' ');

        printed_wants("command", text, last ? last + 1 : command_list[i]->name);
    }
    for (size_t i = 0; command_sections[i].head; i++) {
        auto_free char *line = xasprintf("\n%s:\n", command_sections[i].head);
        const char *at = strstr(text, line);

        if (!at || strstr(at + 1, line))
            fail_msg("section %s stands there once", command_sections[i].head);
    }
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

static void a_family_s_row_names_its_commands(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    printed_begin(&printed);
    help_program(&printed.out, command_list);
    printed_wants("row", printed_text(&printed), "\n  config check|show    is the conf");
}

static void a_command_without_exit_codes_is_told_of_without(void **state)
{
    static const struct command other = {.name = "of another version", .summary = "x"};
    auto_printed struct printed printed;

    (void)state;
    assert_null(help_exits_new(&other));
    printed_begin(&printed);
    help_command(&printed.out, &other);
    printed_lacks("none", printed_text(&printed), "Exit codes");
}

static void text_is_wrapped_but_indented_lines_are_kept(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"lines become a paragraph", "one\ntwo\n", "one two\n"},
        {"an empty line parts", "one\n\ntwo\n", "one\n\ntwo\n"},
        {"an indented line stays", "one\n  a   b\ntwo\n", "one\n  a   b\ntwo\n"},
        {"eighty columns are full",
         "123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567890 x",
         "123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567890\nx\n"},
        {"a word that fits nowhere stands alone",
         "x 123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_1 y",
         "x\n123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_1\n"
         "y\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_printed struct printed printed;

        printed_begin(&printed);
        help_text_paragraphs(&printed.out, rows[i].text);
        if (strcmp(printed_text(&printed), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, printed_text(&printed));
    }
}

static void rows_are_aligned_and_hang(void **state)
{
    static const struct {
        const char *why;
        const char *left;
        const char *right;
        const char *want;
    } rows[] = {
        {"short", "ab", "text", "  ab    text\n"},
        {"what sticks out has its text behind it", "abcdefgh", "text", "  abcdefgh  text\n"},
        {"or below, where it has no room", "abcdefgh",
         "123456789 123456789 123456789 123456789 123456789 123456789 1234567890",
         "  abcdefgh\n        123456789 123456789 123456789 123456789 123456789 123456789 "
         "1234567890\n"},
        {"long texts hang", "ab",
         "123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567890",
         "  ab    123456789 123456789 123456789 123456789 123456789 123456789 123456789\n"
         "        1234567890\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_printed struct printed printed;

        printed_begin(&printed);
        help_text_row(&printed.out, rows[i].left, 4, rows[i].right);
        if (strcmp(printed_text(&printed), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, printed_text(&printed));
    }
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
        cmocka_unit_test(every_section_begins_at_a_command_of_the_list),
        cmocka_unit_test(families_stand_together),
        cmocka_unit_test(every_command_has_help_that_ends_with_examples),
        cmocka_unit_test(the_program_lists_commands_and_global_options),
        cmocka_unit_test(a_group_lists_its_own_commands),
        cmocka_unit_test(a_family_s_row_names_its_commands),
        cmocka_unit_test(a_command_without_exit_codes_is_told_of_without),
        cmocka_unit_test(text_is_wrapped_but_indented_lines_are_kept),
        cmocka_unit_test(rows_are_aligned_and_hang),
        cmocka_unit_test(the_version_names_every_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
