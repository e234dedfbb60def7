/*
 * completion_parts.h - the scripts that `completion` prints, and what their writers share.
 *
 * Everything comes from the tables of commands and options. What may follow an option, or
 * stand behind a command, is read from how help shows it: FILE and PATH are files, DIR is
 * a folder, and words in small letters ("text|json") are offered as they stand.
 *
 * Each script does the same: it goes through the words before the cursor, leaves out the
 * values of options, and so finds the command, of one word or two.
 */
#ifndef CLI_COMPLETION_PARTS_H
#define CLI_COMPLETION_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "cli/out.h"

void completion_bash(struct out *out, const struct command *const *commands);
void completion_zsh(struct out *out, const struct command *const *commands);
void completion_fish(struct out *out, const struct command *const *commands);

enum completion_kind {
    COMPLETION_OTHER, /* nothing that could be offered */
    COMPLETION_WORDS,
    COMPLETION_FILES,
    COMPLETION_FOLDERS,
};

/* Of "FILE", "missing|FIRMWARE_ID", "text|json", NULL. */
enum completion_kind completion_kind_of(const char *value);

/* The words in small letters of such a value, a blank between them; caller frees. */
char *completion_words_new(const char *value);

/* Is it the first of the list with its first word? */
bool completion_is_first(const struct command *const *commands, size_t index);

/* Has the command an option of its own under that name? */
bool completion_has_own(const struct command *command, const char *name);

/* Prints text between quotes, with a backslash before each of `escaped`. */
void completion_quote(struct out *out, const char *text, const char *escaped);

#endif
