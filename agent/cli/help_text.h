/* help_text.h - words into lines of a screen 80 columns wide. */
#ifndef CLI_HELP_TEXT_H
#define CLI_HELP_TEXT_H

#include <stddef.h>

#include "cli/out.h"

enum { HELP_COLUMNS = 80 };

/*
 * One paragraph, begun where `at` characters stand in the line already; further lines are
 * indented to `indent`. Line ends within text are blanks. Ends with a line end.
 */
void help_text_wrap(struct out *out, const char *text, size_t at, size_t indent);

/*
 * Paragraphs, parted by empty lines. Lines that begin with a blank stand as they are: a
 * list or an example.
 */
void help_text_paragraphs(struct out *out, const char *text);

/* "  left   right": right begins behind column `width` of left, and is wrapped there. */
void help_text_row(struct out *out, const char *left, size_t width, const char *right);

#endif
