#include "onekey/refusal.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "onekey/graphql.h"

enum {
    WORDS_SIZE = 512,  /* what decides stands at the beginning of a message */
    ENTRIES_MAX = 100, /* looked at; a list of a million errors says no more */
    JOINED_SIZE = 101, /* of one message among several */
    PATH_SIZE = 81,
    CODE_SIZE = 41,
};

/* In the order in which they count; the first match decides. */
static const struct {
    enum err_kind kind;
    const char *words[12];
} meanings[] = {
    {ERR_RIGHTS,
     {"forbidden", "permission", "not authoris", "not authoriz", "access denied", "not allowed to",
      "insufficient right", "insufficient scope", "insufficient privilege", "missing right"}},
    {ERR_AUTH,
     {"authentication", "unauthenticated", "not authenticated", "unauthoris", "unauthoriz",
      "token expired", "token has expired", "token is expired", "expired token", "invalid token",
      "auth failed"}},
    {ERR_THROTTLED, {"rate limit", "too many requests", "throttl"}},
    {ERR_SERVER,
     {"internal server error", "internal error", "unavailable", "timed out", "timeout",
      "bad gateway", "auth unknown"}},
    {ERR_PROTOCOL,
     {"graphql validation failed", "graphql parse failed", "cannot query field", "unknown argument",
      "unknown type", "syntax error"}},
};

enum { MEANING_COUNT = sizeof meanings / sizeof meanings[0] };

/* Codes that say "your input": the message then tells about that, whatever words it has. */
static const char *const input_codes[] = {"bad user input", "validation error", "invalid input"};

/* Returns the row of the first meaning whose words occur, or MEANING_COUNT. */
static size_t find_meaning(const char *words)
{
    size_t row = 0;

    for (; row < MEANING_COUNT; row++) {
        for (size_t i = 0; i < 12 && meanings[row].words[i]; i++) {
            if (strstr(words, meanings[row].words[i]))
                return row;
        }
    }
    return row;
}

/* PERMISSION_DENIED, permission-denied and auth.failed read as words. */
static void fold_code(const char *code, char words[WORDS_SIZE])
{
    size_t used = 0;

    for (; used < WORDS_SIZE - 1 && code[used]; used++) {
        char letter = (char)tolower((unsigned char)code[used]);

        words[used] = letter;
        if (strchr("_-.", letter))
            words[used] = ' ';
    }
    words[used] = '\0';
}

/* Quoted parts echo our own texts. A single quote is no quote: "don't". */
static void fold_message(const char *message, char words[WORDS_SIZE])
{
    size_t used = 0;
    char quote = '\0';

    for (const char *at = message; *at && used < WORDS_SIZE - 1; at++) {
        bool is_quote = *at == '"' || *at == '`';

        if (quote && *at == quote)
            quote = '\0';
        else if (!quote && is_quote)
            quote = *at;
        else if (!quote)
            words[used++] = (char)tolower((unsigned char)*at);
    }
    words[used] = '\0';
}

static bool is_input_code(const char *words)
{
    for (size_t i = 0; i < sizeof input_codes / sizeof input_codes[0]; i++) {
        if (strcmp(words, input_codes[i]) == 0)
            return true;
    }
    return false;
}

static size_t meaning_of(const char *code, const char *message)
{
    char words[WORDS_SIZE];

    if (code) {
        fold_code(code, words);
        if (is_input_code(words))
            return MEANING_COUNT;
        size_t row = find_meaning(words);
        if (row < MEANING_COUNT)
            return row;
    }
    if (!message)
        return MEANING_COUNT;
    fold_message(message, words);
    return find_meaning(words);
}

/* GraphQL puts the code into "extensions", a MutationError and some servers at the top, REST says
 * "type". */
static const char *entry_code(const json_t *entry)
{
    const json_t *places[] = {
        json_object_get(json_object_get(entry, "extensions"), "code"),
        json_object_get(entry, "code"),
        json_object_get(entry, "type"),
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (json_is_string(places[i]))
            return json_string_value(places[i]);
    }
    return NULL;
}

/* Some servers send bare texts as errors. */
static const char *entry_message(const json_t *entry)
{
    const json_t *message = json_object_get(entry, "message");

    if (json_is_string(entry))
        return json_string_value(entry);
    if (!json_is_string(message))
        message = json_object_get(entry, "detail");
    return json_string_value(message);
}

static size_t entry_meaning(const json_t *entry)
{
    return meaning_of(entry_code(entry), entry_message(entry));
}

static enum err_kind meaning_kind(size_t row)
{
    return row < MEANING_COUNT ? meanings[row].kind : ERR_REJECTED;
}

static const json_t *gravest_entry(const json_t *errors)
{
    const json_t *gravest = json_array_get(errors, 0);
    size_t gravest_row = entry_meaning(gravest);

    for (size_t i = 1; i < json_array_size(errors) && i < ENTRIES_MAX; i++) {
        const json_t *entry = json_array_get(errors, i);
        size_t row = entry_meaning(entry);

        if (row < gravest_row) {
            gravest = entry;
            gravest_row = row;
        }
    }
    return gravest;
}

/* A name or an index of a fieldPath; empty for anything else. */
static const char *part_text(const json_t *part, char text[PATH_SIZE])
{
    if (json_is_integer(part))
        snprintf(text, PATH_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(part));
    else
        refusal_excerpt(json_is_string(part) ? json_string_value(part) : "", text, PATH_SIZE);
    return text;
}

/* fieldPath was once a text, is a list in our reading of the schema, and may be absent. */
static void path_text(const json_t *path, char text[PATH_SIZE])
{
    auto_buf struct buf joined = {.max = 2UL * PATH_SIZE};

    buf_print(&joined, "%s", part_text(path, text));
    for (size_t i = 0; i < json_array_size(path) && joined.size < PATH_SIZE; i++) {
        bool is_first = joined.size == 0;

        part_text(json_array_get(path, i), text);
        if (*text)
            buf_print(&joined, "%s%s", is_first ? "" : ".", text);
    }
    refusal_excerpt(joined.bytes, text, PATH_SIZE);
}

/* "field: message (CODE)", without what is not there. */
static char *entry_line(const json_t *entry)
{
    char path[PATH_SIZE];
    char message[JOINED_SIZE];
    char code[CODE_SIZE];
    const char *raw_message = entry_message(entry);
    const char *raw_code = entry_code(entry);

    path_text(json_object_get(entry, "fieldPath"), path);
    refusal_excerpt(raw_message && *raw_message ? raw_message : "no reason given", message,
                    sizeof message);
    refusal_excerpt(raw_code ? raw_code : "", code, sizeof code);
    return xasprintf("%s%s%s%s%s%s", path, *path ? ": " : "", message, *code ? " (" : "", code,
                     *code ? ")" : "");
}

static const char *first_text(const json_t *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (json_string_length(values[i]) > 0)
            return json_string_value(values[i]);
    }
    return "";
}

const char *refusal_excerpt(const char *raw, char *text, size_t size)
{
    auto_free char *head = xstrndup(raw, size); /* no name of megabytes is made printable whole */
    auto_free char *shown = printable_new(head);
    size_t length = strlen(shown);
    size_t kept = 0;

    assert(size > 4);
    if (length < size && strlen(raw) <= size) {
        memcpy(text, shown, length + 1);
        return text;
    }
    while (kept < length) {
        size_t step = utf8_length(shown + kept, length - kept);

        if (kept + step > size - 4)
            break;
        kept += step;
    }
    memcpy(text, shown, kept);
    memcpy(text + kept, "...", 4);
    return text;
}

enum err_kind refusal_kind(const char *code, const char *message)
{
    return meaning_kind(meaning_of(code, message));
}

enum err_kind refusal_entry_kind(const json_t *entry)
{
    return meaning_kind(entry_meaning(entry));
}

const char *refusal_entry_text(const json_t *entry, char text[REFUSAL_TEXT_SIZE])
{
    const char *message = entry_message(entry);

    if (!message || !*message)
        message = "no reason given";
    return refusal_excerpt(message, text, REFUSAL_TEXT_SIZE);
}

bool refusal_entry_is_not_found(const json_t *entry)
{
    static const char *const phrases[] = {"not found", "does not exist", "no such"};
    const char *code = entry_code(entry);
    const char *message = entry_message(entry);
    char words[2][WORDS_SIZE];

    fold_code(code ? code : "", words[0]);
    fold_message(message ? message : "", words[1]);
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (strstr(words[0], phrases[i]) || strstr(words[1], phrases[i]))
            return entry_meaning(entry) == MEANING_COUNT;
    }
    return false;
}

bool refusal_entry_is_about_field(const json_t *entry)
{
    static const char *const phrases[] = {
        "cannot query field",   "unknown field",
        "field undefined",      "fieldundefined",
        "exist on type",        "exist on the type",
        "not found in type",    "must have a selection",
        "must have selection",  "must not have a selection",
        "subselectionrequired",
    };
    const char *code = entry_code(entry);
    const char *message = entry_message(entry);
    char words[WORDS_SIZE];

    fold_code(code ? code : "", words);
    if (strcmp(words, "graphql validation failed") == 0)
        return true;
    fold_message(message ? message : "", words);
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (strstr(words, phrases[i]))
            return true;
    }
    return false;
}

const char *refusal_join(const json_t *errors, char *text, size_t size)
{
    size_t count = json_array_size(errors);
    size_t used = 0;

    assert(size >= REFUSAL_JOINED_SIZE);
    snprintf(text, size, "no reason given");
    for (size_t i = 0; i < count; i++) {
        auto_free char *line = entry_line(json_array_get(errors, i));
        size_t wanted = strlen(line) + 2;

        /* 32: room to say how many were left out */
        if (used + wanted + 32 > size) {
            snprintf(text + used, size - used, " (and %zu more)", count - i);
            break;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "; " : "", line);
    }
    return text;
}

bool refusal_of_errors(const json_t *errors, struct err *err)
{
    char text[REFUSAL_TEXT_SIZE];
    size_t count = json_array_size(errors);
    const json_t *entry = gravest_entry(errors);

    assert(count > 0);
    refusal_entry_text(entry, text);
    if (count == 1)
        return err_set(err, refusal_entry_kind(entry), "platform says: %s", text);
    return err_set(err, refusal_entry_kind(entry), "platform says: %s (and %zu more)", text,
                   count - 1);
}

bool refusal_of_rest(const char *bytes, size_t size, char text[REFUSAL_TEXT_SIZE])
{
    auto_json json_t *body = NULL;
    struct err err;

    if (!graphql_json(bytes, size, GRAPHQL_BYTES_MAX, &body, &err))
        return false;
    const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
    const json_t *const places[] = {
        json_object_get(first, "detail"),
        json_object_get(first, "type"),
        json_object_get(body, "detail"),
        json_object_get(body, "message"),
    };
    refusal_excerpt(first_text(places, sizeof places / sizeof places[0]), text, REFUSAL_TEXT_SIZE);
    return true;
}
