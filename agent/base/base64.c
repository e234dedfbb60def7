/*
 * base64.c - strict on the way back: what reads it is held against a digest anyway, but a text
 * that two programs could read differently is a mistake of whoever wrote it.
 */
#include "base/base64.h"

#include <stdint.h>

#include "base/mem.h"

enum { NO_DIGIT = 64, GROUP_TEXT = 4, GROUP_BYTES = 3 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return (uint32_t)(digit - 'A');
    if (digit >= 'a' && digit <= 'z')
        return (uint32_t)(digit - 'a' + 26);
    if (digit >= '0' && digit <= '9')
        return (uint32_t)(digit - '0' + 52);
    if (digit == '+')
        return 62;
    return digit == '/' ? 63 : NO_DIGIT;
}

/* One group of at most three bytes. */
static void encode_group(const unsigned char *bytes, size_t size, char *text)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < GROUP_BYTES; i++)
        bits = bits << 8 | (i < size ? bytes[i] : 0U);
    for (size_t i = 0; i < GROUP_TEXT; i++)
        text[i] = '=';
    for (size_t i = 0; i <= size; i++)
        text[i] = digits[bits >> (18 - 6 * i) & 63U];
}

/* How many bytes the group stands for; 0: it is none. */
static size_t decode_group(const char *text, bool is_last, unsigned char bytes[GROUP_BYTES])
{
    size_t padding = 0;
    uint32_t bits = 0;

    while (is_last && padding < 2 && text[GROUP_TEXT - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < GROUP_TEXT; i++) {
        uint32_t value = i < GROUP_TEXT - padding ? value_of(text[i]) : 0;

        if (value == NO_DIGIT)
            return 0;
        bits = bits << 6 | value;
    }
    /* Bits that stand for nothing are 0, so that every text stands for other bytes. */
    if (bits & ((1U << 8 * padding) - 1))
        return 0;
    for (size_t i = 0; i < GROUP_BYTES; i++)
        bytes[i] = (unsigned char)(bits >> (16 - 8 * i));
    return GROUP_BYTES - padding;
}

char *base64_new(const void *bytes, size_t size)
{
    char *text = xcalloc((size + GROUP_BYTES - 1) / GROUP_BYTES * GROUP_TEXT + 1, 1);
    const unsigned char *from = bytes;
    char *to = text;

    for (; size > 0; to += GROUP_TEXT) {
        size_t take = size < GROUP_BYTES ? size : GROUP_BYTES;

        encode_group(from, take, to);
        from += take;
        size -= take;
    }
    return text;
}

bool base64_decode(const char *text, size_t size, struct buf *out, struct err *err)
{
    unsigned char bytes[GROUP_BYTES];

    if (size % GROUP_TEXT != 0)
        return err_set(err, ERR_PROTOCOL, "read base64: %zu characters are no whole groups", size);
    for (size_t at = 0; at < size; at += GROUP_TEXT) {
        size_t count = decode_group(text + at, at + GROUP_TEXT == size, bytes);

        if (count == 0)
            return err_set(err, ERR_PROTOCOL, "read base64: the group at %zu is none", at);
        if (!buf_add(out, bytes, count, err))
            return false;
    }
    return true;
}
