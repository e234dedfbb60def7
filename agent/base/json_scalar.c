/*
 * json_scalar.c - strings, numbers, literals.
 *
 *   STRING --\--> ESCAPE --u--> HEX --high surrogate--> LOW_BACKSLASH -> LOW_U -> HEX
 *     |  ^--------------+-----------'
 *     '--lead byte--> UTF8 (back when the sequence is whole)
 *
 *   MINUS -> ZERO | INTEGER -> POINT -> FRACTION -> E -> E_SIGN -> EXPONENT
 *
 * Only one character can be under way at a time, so a few bytes of state suffice to go on
 * after a piece that ended anywhere.
 */
#include "base/json_scalar.h"

#include <assert.h>
#include <string.h>

static enum json_scalar_step bad(struct json_scalar *scalar, const char *problem)
{
    scalar->problem = problem;
    return SCALAR_BAD;
}

/* Text whose parts must stay together: one character. */
static void add_character(struct json_scalar *scalar, const void *bytes, size_t size)
{
    assert(size <= 4 && scalar->size <= scalar->max + 4);
    scalar->total += size;
    if (!scalar->wants_pieces && (scalar->cut || scalar->size + size > scalar->max)) {
        scalar->cut = true; /* what follows a gap stays out too, even if it would fit */
        return;
    }
    memcpy(scalar->text + scalar->size, bytes, size);
    scalar->size += size;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Bytes at the front that a string takes as they are: most of every document. */
static size_t plain_run(const char *bytes, size_t size)
{
    size_t run = 0;

    while (run < size && is_plain((unsigned char)bytes[run]))
        run++;
    return run;
}

/* With pieces no more than fits, as the caller takes the text away in between. */
static size_t add_run(struct json_scalar *scalar, const char *bytes, size_t size)
{
    size_t room = scalar->max > scalar->size ? scalar->max - scalar->size : 0;
    size_t run = plain_run(bytes, scalar->wants_pieces && size > room ? room : size);
    size_t kept = scalar->cut && !scalar->wants_pieces ? 0 : run < room ? run : room;

    memcpy(scalar->text + scalar->size, bytes, kept);
    scalar->size += kept;
    scalar->total += run;
    scalar->cut |= kept < run;
    return run;
}

static void add_point(struct json_scalar *scalar, uint32_t point)
{
    unsigned char bytes[4];
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size - 1; i > 0; i--) {
        bytes[i] = (unsigned char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    bytes[0] = (unsigned char)(lead[size] | point);
    add_character(scalar, bytes, size);
}

/* ---- strings ---- */

/* The second byte's range keeps out overlong forms, surrogates and what is over U+10FFFF. */
static enum json_scalar_step begin_sequence(struct json_scalar *scalar, unsigned char lead)
{
    if (lead < 0xc2 || lead > 0xf4)
        return bad(scalar, "bad UTF-8");
    scalar->sequence[0] = lead;
    scalar->sequence_size = 1;
    scalar->sequence_want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    scalar->next_least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    scalar->next_most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    scalar->state = SCALAR_UTF8;
    return SCALAR_MORE;
}

static enum json_scalar_step take_utf8(struct json_scalar *scalar, unsigned char byte)
{
    if (byte < scalar->next_least || byte > scalar->next_most)
        return bad(scalar, "bad UTF-8");
    scalar->sequence[scalar->sequence_size++] = byte;
    scalar->next_least = 0x80;
    scalar->next_most = 0xbf;
    if (scalar->sequence_size == scalar->sequence_want) {
        add_character(scalar, scalar->sequence, scalar->sequence_size);
        scalar->state = SCALAR_STRING;
    }
    return SCALAR_MORE;
}

static enum json_scalar_step take_in_string(struct json_scalar *scalar, unsigned char byte)
{
    if (byte == '"')
        return SCALAR_END;
    if (byte == '\\') {
        scalar->state = SCALAR_ESCAPE;
        return SCALAR_MORE;
    }
    if (byte < 0x20)
        return bad(scalar, "control character in a string");
    return begin_sequence(scalar, byte); /* plain ones went with add_run() */
}

static enum json_scalar_step begin_hex(struct json_scalar *scalar)
{
    scalar->hex = 0;
    scalar->hex_digits = 0;
    scalar->state = SCALAR_HEX;
    return SCALAR_MORE;
}

static enum json_scalar_step take_escape(struct json_scalar *scalar, unsigned char byte)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";

    if (byte == 'u')
        return begin_hex(scalar);
    const char *name = byte ? strchr(names, byte) : NULL;
    if (!name)
        return bad(scalar, "bad escape in a string");
    scalar->state = SCALAR_STRING;
    add_character(scalar, &values[name - names], 1);
    return SCALAR_MORE;
}

/* What is no character stands as U+FFFD. */
static enum json_scalar_step mend(struct json_scalar *scalar, enum json_scalar_state next)
{
    add_point(scalar, 0xfffd);
    scalar->high = 0;
    scalar->state = next;
    return SCALAR_MORE;
}

/* Four digits make a UTF-16 unit: a character, or half of one. */
static enum json_scalar_step end_hex(struct json_scalar *scalar)
{
    uint32_t unit = scalar->hex;
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff;

    if (scalar->mends && scalar->high != 0 && !is_low)
        return mend(scalar, SCALAR_UNIT); /* the unit itself comes next, a character at a time */
    if (scalar->mends && ((unit == 0 && !scalar->allows_nul) || (is_low && scalar->high == 0)))
        return mend(scalar, SCALAR_STRING);
    uint32_t high = scalar->high;
    if ((high != 0) != is_low)
        return bad(scalar, "surrogate without its other half");
    if (unit == 0 && !scalar->allows_nul)
        return bad(scalar, "NUL character in a string");
    if (unit >= 0xd800 && unit <= 0xdbff) {
        scalar->high = unit;
        scalar->state = SCALAR_LOW_BACKSLASH;
        return SCALAR_MORE;
    }
    add_point(scalar, is_low ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00) : unit);
    scalar->high = 0;
    scalar->state = SCALAR_STRING;
    return SCALAR_MORE;
}

/* Half a pair was all: the byte belongs to what follows it. */
static bool mends_half(struct json_scalar *scalar, char byte)
{
    if (!scalar->mends)
        return false;
    if (scalar->state == SCALAR_UNIT)
        end_hex(scalar);
    else if (scalar->state == SCALAR_LOW_BACKSLASH && byte != '\\')
        mend(scalar, SCALAR_STRING);
    else if (scalar->state == SCALAR_LOW_U && byte != 'u')
        mend(scalar, SCALAR_ESCAPE);
    else
        return false;
    return true;
}

static enum json_scalar_step take_hex(struct json_scalar *scalar, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char lower = byte >= 'A' && byte <= 'F' ? (unsigned char)(byte + 32) : byte;
    const char *digit = lower ? strchr(digits, lower) : NULL;

    if (!digit)
        return bad(scalar, "bad escape in a string");
    scalar->hex = scalar->hex << 4 | (uint32_t)(digit - digits);
    return ++scalar->hex_digits < 4 ? SCALAR_MORE : end_hex(scalar);
}

static enum json_scalar_step take_low(struct json_scalar *scalar, unsigned char byte)
{
    if (byte != (scalar->state == SCALAR_LOW_BACKSLASH ? '\\' : 'u'))
        return bad(scalar, "surrogate without its other half");
    if (byte == 'u')
        return begin_hex(scalar);
    scalar->state = SCALAR_LOW_U;
    return SCALAR_MORE;
}

/* ---- numbers and literals ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool has_digits(enum json_scalar_state state)
{
    return state == SCALAR_INTEGER || state == SCALAR_FRACTION || state == SCALAR_EXPONENT;
}

static enum json_scalar_state after_digit(enum json_scalar_state state, char digit)
{
    if (state == SCALAR_MINUS)
        return digit == '0' ? SCALAR_ZERO : SCALAR_INTEGER;
    if (state == SCALAR_POINT)
        return SCALAR_FRACTION;
    if (state == SCALAR_E || state == SCALAR_E_SIGN)
        return SCALAR_EXPONENT;
    return has_digits(state) ? state : SCALAR_STRING;
}

/* The state after one more byte of a number; SCALAR_STRING when it does not belong to it. */
static enum json_scalar_state number_next(enum json_scalar_state state, char byte)
{
    bool mantissa = state == SCALAR_ZERO || state == SCALAR_INTEGER || state == SCALAR_FRACTION;

    if (is_digit(byte))
        return after_digit(state, byte);
    if (byte == '.' && mantissa && state != SCALAR_FRACTION)
        return SCALAR_POINT;
    if ((byte == 'e' || byte == 'E') && mantissa)
        return SCALAR_E;
    if ((byte == '+' || byte == '-') && state == SCALAR_E)
        return SCALAR_E_SIGN;
    return SCALAR_STRING;
}

/* A number has no end mark: the first byte that cannot belong to it ends it. */
static enum json_scalar_step take_number(struct json_scalar *scalar, char byte)
{
    enum json_scalar_state next = number_next(scalar->state, byte);

    if (next == SCALAR_STRING && !json_scalar_is_whole(scalar))
        return bad(scalar, "bad number");
    if (next == SCALAR_STRING)
        return SCALAR_END_BEFORE;
    scalar->state = next;
    add_character(scalar, &byte, 1);
    return SCALAR_MORE;
}

static enum json_scalar_step take_literal(struct json_scalar *scalar, char byte)
{
    if (byte != *scalar->literal)
        return bad(scalar, "unknown word");
    return *++scalar->literal ? SCALAR_MORE : SCALAR_END;
}

static enum json_scalar_step take(struct json_scalar *scalar, char byte)
{
    unsigned char value = (unsigned char)byte;

    switch (scalar->state) {
    case SCALAR_STRING:
        return take_in_string(scalar, value);
    case SCALAR_UTF8:
        return take_utf8(scalar, value);
    case SCALAR_ESCAPE:
        return take_escape(scalar, value);
    case SCALAR_HEX:
        return take_hex(scalar, value);
    case SCALAR_LOW_BACKSLASH:
    case SCALAR_LOW_U:
        return take_low(scalar, value);
    case SCALAR_UNIT: /* mends_half() has left it */
        break;
    case SCALAR_LITERAL:
        return take_literal(scalar, byte);
    case SCALAR_MINUS:
    case SCALAR_ZERO:
    case SCALAR_INTEGER:
    case SCALAR_POINT:
    case SCALAR_FRACTION:
    case SCALAR_E:
    case SCALAR_E_SIGN:
    case SCALAR_EXPONENT:
        return take_number(scalar, byte);
    }
    assert(false);
    return SCALAR_BAD;
}

bool json_scalar_begin(struct json_scalar *scalar, char first)
{
    json_scalar_drop(scalar);
    scalar->first = first;
    scalar->total = 0;
    scalar->cut = false;
    scalar->high = 0;
    if (first == '"') {
        scalar->state = SCALAR_STRING;
        return true;
    }
    if (first == '-' || is_digit(first)) {
        scalar->state = first == '-' ? SCALAR_MINUS : after_digit(SCALAR_MINUS, first);
        add_character(scalar, &first, 1);
        return true;
    }
    scalar->state = SCALAR_LITERAL;
    scalar->literal = first == 't' ? "rue" : first == 'f' ? "alse" : "ull";
    return first == 't' || first == 'f' || first == 'n';
}

enum json_scalar_step json_scalar_take(struct json_scalar *scalar, const char *bytes, size_t size,
                                       size_t *used)
{
    enum json_scalar_step step = SCALAR_MORE;
    size_t at = 0;

    while (at < size && step == SCALAR_MORE && !json_scalar_is_full(scalar)) {
        size_t run = 0;

        if (scalar->state == SCALAR_STRING)
            run = add_run(scalar, bytes + at, size - at);
        at += run;
        if (run > 0 || mends_half(scalar, bytes[at]))
            continue;
        step = take(scalar, bytes[at]);
        at += step == SCALAR_MORE || step == SCALAR_END;
    }
    *used = at;
    return step;
}

bool json_scalar_is_whole(const struct json_scalar *scalar)
{
    return scalar->state == SCALAR_ZERO || has_digits(scalar->state);
}

bool json_scalar_is_full(const struct json_scalar *scalar)
{
    return scalar->wants_pieces && scalar->size >= scalar->max;
}

void json_scalar_drop(struct json_scalar *scalar)
{
    scalar->size = 0;
    scalar->cut = true;
}
