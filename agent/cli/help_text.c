#include "cli/help_text.h"

#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

enum { ROW_INDENT = 2, ROW_GAP = 2 };

static size_t skip_blanks(const char *text)
{
    return strspn(text, " \n");
}

void help_text_wrap(struct out *out, const char *text, size_t at, size_t indent)
{
    bool is_first = true;

    for (text += skip_blanks(text); *text; text += skip_blanks(text)) {
        size_t size = strcspn(text, " \n");

        if (!is_first && at + 1 + size > HELP_COLUMNS) {
            out_print(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!is_first) {
            out_print(out, " ");
            at++;
        }
        out_text(out, text, size);
        at += size;
        text += size;
        is_first = false;
    }
    out_print(out, "\n");
}

/* How much of text is one paragraph: up to an empty or an indented line. */
static size_t paragraph_size(const char *text)
{
    size_t size = 0;

    while (text[size] && text[size] != '\n' && text[size] != ' ') {
        size += strcspn(text + size, "\n");
        size += text[size] == '\n';
    }
    return size;
}

void help_text_paragraphs(struct out *out, const char *text)
{
    while (*text) {
        size_t size = paragraph_size(text);
        bool is_kept = size == 0;

        if (is_kept) {
            size = strcspn(text, "\n");
            size += text[size] == '\n';
            out_text(out, text, size);
        } else {
            auto_free char *paragraph = xstrndup(text, size);
            help_text_wrap(out, paragraph, 0, 0);
        }
        text += size;
    }
}

void help_text_row(struct out *out, const char *left, size_t width, const char *right)
{
    size_t indent = ROW_INDENT + width + ROW_GAP;
    size_t at = ROW_INDENT + strlen(left) + ROW_GAP;

    out_print(out, "%*s%s", ROW_INDENT, "", left);
    /* What sticks out may have its text behind it, if that is all of it. */
    if (at > indent && at + strlen(right) <= HELP_COLUMNS) {
        out_print(out, "%*s", ROW_GAP, "");
    } else {
        bool is_below = at > indent;

        out_print(out, "%s%*s", is_below ? "\n" : "",
                  (int)(is_below ? indent : indent + ROW_GAP - at), "");
        at = indent;
    }
    help_text_wrap(out, right, at, indent);
}
