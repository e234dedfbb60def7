/*
 * xml.c - the few rules of XML 1.0 for text (section 2.2 which characters there are, 3.3.3 what
 * becomes of line ends in attributes).
 */
#include "ci/xml.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/printable.h"

static const char replacement[] = "\xef\xbf\xbd";

/* Of a well-formed sequence: C1 is c2 80 .. c2 9f, U+FFFE and U+FFFF are ef bf be and ef bf bf. */
static bool may_stand(const char *at, size_t length)
{
    unsigned char first = (unsigned char)at[0];
    unsigned char second = length > 1 ? (unsigned char)at[1] : 0;

    if (length == 1)
        return (first >= 0x20 && first != 0x7f) || first == '\t' || first == '\n' || first == '\r';
    if (first == 0xc2)
        return second >= 0xa0;
    return !(first == 0xef && second == 0xbf && (unsigned char)at[2] >= 0xbe);
}

/* What stands for a character that has a meaning in markup; NULL: itself. */
static const char *reference_of(char byte, bool in_attribute)
{
    switch (byte) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '\r':
        return "&#13;"; // a parser would turn it into \n
    case '"':
        return in_attribute ? "&quot;" : NULL;
    case '\n':
        return in_attribute ? "&#10;" : NULL;
    case '\t':
        return in_attribute ? "&#9;" : NULL;
    default:
        return NULL;
    }
}

static void put(FILE *stream, const char *text, bool in_attribute)
{
    size_t size = strlen(text);
    size_t length = 0;

    for (size_t at = 0; at < size; at += length ? length : 1) {
        length = utf8_length(text + at, size - at);
        const char *reference = length == 1 ? reference_of(text[at], in_attribute) : NULL;

        if (length == 0 || !may_stand(text + at, length))
            fputs(replacement, stream);
        else if (reference)
            fputs(reference, stream);
        else
            fwrite(text + at, 1, length, stream);
    }
}

void xml_text(FILE *stream, const char *text)
{
    put(stream, text, false);
}

void xml_attribute(FILE *stream, const char *name, const char *text)
{
    if (!text)
        return;
    fprintf(stream, " %s=\"", name);
    put(stream, text, true);
    fputc('"', stream);
}
