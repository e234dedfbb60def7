#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "cli/completion_parts.h"
#include "printed.h"

static const struct args_option own_version[] = {
    ARGS_OPTION("--version", 0, ARGS_TEXT, firmware_version, "VERSION", "the firmware's [own]"),
    ARGS_OPTION("--sbom", 0, ARGS_TEXT, sbom, "FILE", "an SBOM"),
    {.name = NULL},
};

/* As a table might be: a family in the middle, an option that hides one of all. */
static const struct command upload = {
    .name = "send", .summary = "it's: \"$HOME\"", .operands = "FILE", .options = own_version};
static const struct command token_check = {.name = "token check", .summary = "first of two"};
static const struct command plain = {.name = "token-like", .summary = "no family"};
static const struct command token_set = {.name = "token set", .summary = "second of two"};
static const struct command *const table[] = {&upload, &token_check, &plain, &token_set, NULL};

static void what_may_follow_is_read_from_how_help_shows_it(void **state)
{
    static const struct {
        const char *why;
        const char *value;
        enum completion_kind kind;
        const char *words;
    } rows[] = {
        {"nothing", NULL, COMPLETION_OTHER, NULL},
        {"a file", "FILE", COMPLETION_FILES, ""},
        {"a folder", "DIR", COMPLETION_FOLDERS, ""},
        {"a path among others", "PATH|FIRMWARE_ID|SHA256", COMPLETION_FILES, ""},
        {"words", "text|json", COMPLETION_WORDS, "text json"},
        {"a word among others", "missing|FIRMWARE_ID", COMPLETION_WORDS, "missing"},
        {"no word at all", "TIME", COMPLETION_OTHER, ""},
        {"not the word FILE", "PROFILE", COMPLETION_OTHER, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *words = rows[i].value ? completion_words_new(rows[i].value) : NULL;

        if (completion_kind_of(rows[i].value) != rows[i].kind ||
            (words && strcmp(words, rows[i].words) != 0))
            fail_msg("%s: %s", rows[i].why, words ? words : "none");
    }
}

static void a_first_word_is_offered_once(void **state)
{
    (void)state;
    assert_true(completion_is_first(table, 1));
    assert_true(completion_is_first(table, 2));
    assert_false(completion_is_first(table, 3));
}

typedef void writer_fn(struct out *out, const struct command *const *commands);

static void wants(const char *why, writer_fn *writer, const char *part)
{
    auto_printed struct printed printed;

    printed_begin(&printed);
    writer(&printed.out, table);
    printed_wants(why, printed_text(&printed), part);
}

static void a_command_s_own_option_hides_that_of_all(void **state)
{
    (void)state;
    wants("bash", completion_bash, "    'send'/--version) kind=other ;;\n");
    wants("zsh", completion_zsh, "        globals=(\"${(@)globals:#--version*}\")\n");
    wants("fish", completion_fish,
          "complete -c onekey-agent -n \"not __onekey_agent_at 'send'\" -l version -d '");
}

static void names_of_two_words_go_on_behind_the_first(void **state)
{
    (void)state;
    wants("bash, first", completion_bash, "    '') kind=words values='send token token-like' ;;\n");
    wants("bash, second", completion_bash, "    token) kind=words values='check set' ;;\n");
    wants("zsh", completion_zsh, "        \"set:second of two\"\n");
    wants("fish", completion_fish, "-n \"__onekey_agent_at 'token'\" -a set -d 'second of two'\n");
}

static void texts_are_quoted_for_their_shell(void **state)
{
    (void)state;
    wants("zsh", completion_zsh, "        \"send:it's\\: \\\"\\$HOME\\\"\"\n");
    wants("zsh, brackets", completion_zsh, "[the firmware's \\[own\\]]:VERSION: \"\n");
    wants("fish", completion_fish, " -a send -d 'it\\'s: \"$HOME\"'\n");
}

static void every_command_and_option_is_in_every_script(void **state)
{
    static writer_fn *const writers[] = {completion_bash, completion_zsh, completion_fish};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        auto_printed struct printed printed;

        printed_begin(&printed);
        writers[i](&printed.out, command_list);
        const char *text = printed_text(&printed);
        for (const struct command *const *command = command_list; *command; command++) {
            const char *last = strrchr((*command)->name, ' ');

            printed_wants("command", text, last ? last + 1 : (*command)->name);
            for (const struct args_option *option = (*command)->options; option && option->name;
                 option++)
                printed_wants((*command)->name, text, option->name + strlen("--"));
        }
        for (const struct args_option *option = args_global_options; option->name; option++)
            printed_wants("global", text, option->name + strlen("--"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_follow_is_read_from_how_help_shows_it),
        cmocka_unit_test(a_first_word_is_offered_once),
        cmocka_unit_test(a_command_s_own_option_hides_that_of_all),
        cmocka_unit_test(names_of_two_words_go_on_behind_the_first),
        cmocka_unit_test(texts_are_quoted_for_their_shell),
        cmocka_unit_test(every_command_and_option_is_in_every_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
