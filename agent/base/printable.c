#include "base/printable.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static size_t expected_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    return 0;
}

static uint32_t code_point(const unsigned char *text, size_t length)
{
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = text[0] & lead_mask[length];

    for (size_t i = 1; i < length; i++)
        point = point << 6 | (text[i] & 0x3fU);
    return point;
}

size_t utf8_length(const char *text, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = size ? expected_length(bytes[0]) : 0;

    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    uint32_t point = code_point(bytes, length);
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return length;
}

/* C0, DEL, C1, line and paragraph separators, and the marks that reorder a line. */
static bool is_harmful(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
           point == 0x200e || point == 0x200f || point == 0xfeff;
}

static size_t printable_length(const char *text, size_t size)
{
    size_t length = utf8_length(text, size);

    if (length == 0 || is_harmful(code_point((const unsigned char *)text, length)))
        return 0;
    return length;
}

static char *put_escape(char *out, char byte)
{
    snprintf(out, 5, "\\x%02x", (unsigned)(unsigned char)byte);
    return out + 4;
}

bool printable_is(const char *name)
{
    size_t size = strlen(name);

    for (size_t at = 0; at < size;) {
        size_t length = printable_length(name + at, size - at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

char *printable_new(const char *name)
{
    size_t size = strlen(name);
    char *text = xcalloc(size + 1, 4);
    char *out = text;

    for (size_t at = 0; at < size;) {
        size_t end = at + strspn(name + at, "\\");
        size_t length = printable_length(name + end, size - end);
        bool is_escape = end < size && length == 0;

        // a backslash before an escape would read as one that escapes it
        for (; at < end; at++) {
            if (is_escape)
                out = put_escape(out, name[at]);
            else
                *out++ = name[at];
        }
        if (is_escape)
            out = put_escape(out, name[at++]);
        memcpy(out, name + at, length);
        out += length;
        at += length;
    }
    return text;
}
