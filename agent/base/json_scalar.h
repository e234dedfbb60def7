/*
 * json_scalar.h - one JSON string, number or literal, decoded byte by byte (for json_stream).
 *
 * json_scalar_begin() looks at the first byte, json_scalar_take() eats the following
 * ones until the value is over. Strings are decoded to UTF-8; of a long one the first
 * `max` bytes are kept, or, with wants_pieces, the caller takes the text away with
 * json_scalar_drop() whenever json_scalar_is_full().
 */
#ifndef BASE_JSON_SCALAR_H
#define BASE_JSON_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_scalar_state {
    SCALAR_STRING,
    SCALAR_UTF8, /* within a sequence of two to four bytes */
    SCALAR_ESCAPE,
    SCALAR_HEX,
    SCALAR_LOW_BACKSLASH, /* a high surrogate must be followed by \uDC00..\uDFFF */
    SCALAR_LOW_U,
    SCALAR_UNIT, /* four digits behind half a pair that had no other half */
    SCALAR_LITERAL,
    SCALAR_MINUS,
    SCALAR_ZERO,
    SCALAR_INTEGER,
    SCALAR_POINT,
    SCALAR_FRACTION,
    SCALAR_E,
    SCALAR_E_SIGN,
    SCALAR_EXPONENT,
};

enum json_scalar_step {
    SCALAR_MORE,
    SCALAR_END,        /* with the last byte that was used */
    SCALAR_END_BEFORE, /* a number: the next byte is not its own */
    SCALAR_BAD,        /* problem says why, the next byte is where */
};

struct json_scalar {
    size_t max; /* these five are the owner's to set, text has room for max + 4 bytes */
    bool wants_pieces;
    bool allows_nul;
    bool mends; /* \u0000 and half a surrogate pair become U+FFFD */
    char *text;

    enum json_scalar_state state;
    char first; /* the byte it began with: " t f n - or a digit */
    const char *problem;
    size_t size;
    uint64_t total;
    bool cut; /* something was left out, or dropped */

    unsigned char sequence[4];
    size_t sequence_size;
    size_t sequence_want;
    unsigned next_least; /* what the sequence's next byte may be */
    unsigned next_most;
    uint32_t hex;
    unsigned hex_digits;
    uint32_t high;       /* surrogate waiting for its low half; 0 for none */
    const char *literal; /* what is left of "true", "false", "null" */
};

/* false when no value begins with that byte. */
bool json_scalar_begin(struct json_scalar *scalar, char first);

/* *used is how many of the bytes were taken; SCALAR_MORE may leave some, when it is full. */
enum json_scalar_step json_scalar_take(struct json_scalar *scalar, const char *bytes, size_t size,
                                       size_t *used);

/* The document is over: could the value end here? Only a number can. */
bool json_scalar_is_whole(const struct json_scalar *scalar);

bool json_scalar_is_full(const struct json_scalar *scalar);
void json_scalar_drop(struct json_scalar *scalar);

#endif
