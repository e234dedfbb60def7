#include "test.h"

#include "base/buf.h"
#include "base/json_stream.h"

/* Every event as a line of text: what a test compares. */
struct record {
    struct json_stream *stream;
    struct buf buf;
    const char *path; /* with one: only the values there are recorded */
    bool stops;
};

static const char *const kind_names[] = {"{",   "}",   "[",    "]",     "key", "piece",
                                         "str", "num", "true", "false", "null"};

static bool on_event(void *owner, const struct json_stream_event *event, struct err *err)
{
    struct record *record = owner;

    assert_int_equal(event->text[event->size], '\0');
    if (record->stops)
        return err_set(err, ERR_DATA, "enough");
    if (record->path && !json_stream_path_is(record->stream, record->path))
        return true;
    buf_print(&record->buf, "%s", kind_names[event->kind]);
    if (event->size > 0)
        buf_print(&record->buf, "(%s)", event->text);
    if (strlen(event->text) != event->size)
        buf_print(&record->buf, "+%zu", event->size - strlen(event->text));
    if (event->truncated)
        buf_print(&record->buf, "/%llu", (unsigned long long)event->total);
    buf_print(&record->buf, " ");
    return true;
}

static void open_record(struct record *record, const struct json_stream_options *options)
{
    struct json_stream_options own = *options;

    *record = (struct record){.buf = {.max = 1 << 20}};
    own.max_depth = own.max_depth ? own.max_depth : 8;
    own.max_text = own.max_text ? own.max_text : 64;
    own.on_event = on_event;
    own.owner = record;
    record->stream = json_stream_new(&own);
}

static bool feed_in_steps(struct json_stream *stream, const char *text, size_t size, size_t step,
                          struct err *err)
{
    for (size_t at = 0; at < size; at += step) {
        if (!json_stream_feed(stream, text + at, size - at < step ? size - at : step, err))
            return false;
    }
    return json_stream_finish(stream, err);
}

static void close_record(struct record *record)
{
    json_stream_free(record->stream);
    buf_release(&record->buf);
}

static void expect_events(const char *why, const struct json_stream_options *options,
                          const char *text, const char *want)
{
    static const size_t steps[] = {1, 2, 3, 7, 100000};

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct record record;
        struct err err = {0};

        open_record(&record, options);
        if (!feed_in_steps(record.stream, text, strlen(text), steps[i], &err))
            fail_msg("%s, %zu at a time: %s", why, steps[i], err.message);
        if (strcmp(record.buf.bytes ? record.buf.bytes : "", want) != 0)
            fail_msg("%s, %zu at a time: %s, want %s", why, steps[i], record.buf.bytes, want);
        close_record(&record);
    }
}

static void expect_error(const char *why, const char *text, size_t size, const char *want)
{
    for (size_t step = 1; step <= 4; step++) {
        struct record record;
        struct err err = {0};
        struct err again = {0};

        open_record(&record, &(struct json_stream_options){.max_depth = 4});
        if (feed_in_steps(record.stream, text, size, step, &err))
            fail_msg("%s: taken", why);
        if (err.kind != ERR_PROTOCOL || !strstr(err.message, want))
            fail_msg("%s: \"%s\", want \"%s\"", why, err.message, want);
        assert_false(json_stream_feed(record.stream, " ", 1, &again));
        assert_string_equal(again.message, err.message);
        close_record(&record);
    }
}

static void events_do_not_depend_on_the_pieces(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"an empty object", "{}", "{ } "},
        {"an empty array in white space", " \t\r\n[ \n] ", "[ ] "},
        {"literals", "[true,false,null]", "[ true false null ] "},
        {"a value alone is a document", "\"x\"", "str(x) "},
        {"a number alone ends with the document", "-0.5e+10", "num(-0.5e+10) "},
        {"numbers keep their spelling", "[0,-1,1.50,1E5,0e0,2e-3]",
         "[ num(0) num(-1) num(1.50) num(1E5) num(0e0) num(2e-3) ] "},
        {"keys come before their values", "{\"a\":1,\"b\":{\"c\":[]}}",
         "{ key(a) num(1) key(b) { key(c) [ ] } } "},
        {"an empty string and an empty key", "{\"\":\"\"}", "{ key str } "},
        {"short escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[ str(\"\\/\b\f\n\r\t) ] "},
        {"escaped characters of each length", "[\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"]",
         "[ str(A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80) ] "},
        {"the last character of each length", "[\"\x7f\xdf\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf\"]",
         "[ str(\x7f\xdf\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf) ] "},
        {"a byte order mark is skipped", "\xef\xbb\xbf{}", "{ } "},
        {"a key met twice is reported twice", "{\"a\":1,\"a\":2}",
         "{ key(a) num(1) key(a) num(2) } "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_events(rows[i].why, &(struct json_stream_options){0}, rows[i].text, rows[i].want);
}

static void what_is_not_json_is_refused_at_its_byte(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"nothing", "", "byte 0: the document ends"},
        {"only blanks", "  ", "byte 2: the document ends"},
        {"only a mark", "\xef\xbb\xbf", "byte 3: the document ends"},
        {"half a mark", "\xef\xbb{}", "byte 2: a value is missing"},
        {"a mark after a blank", " \xef\xbb\xbf{}", "byte 1: a value is missing"},
        {"a second document", "{} {}", "byte 3: something follows"},
        {"a comma at the end of an array", "[1,]", "byte 3: a value is missing"},
        {"a comma at the end of an object", "{\"a\":1,}", "byte 7: a key is missing"},
        {"no comma", "[1 2]", "byte 3: a comma is missing"},
        {"no colon", "{\"a\" 1}", "byte 5: a colon is missing"},
        {"a key that is no string", "{a:1}", "byte 1: a key is missing"},
        {"the wrong bracket", "[1}", "byte 2: unexpected '}'"},
        {"a bracket too many", "]", "byte 0: a value is missing"},
        {"a comment", "[/**/]", "byte 1: a value is missing"},
        {"one word more", "[nulls]", "byte 5: a comma is missing"},
        {"a capital word", "[True]", "byte 1: a value is missing"},
        {"half a word", "[nul]", "byte 4: unknown word"},
        {"a leading zero", "[01]", "byte 2: a comma is missing"},
        {"a leading plus", "[+1]", "byte 1: a value is missing"},
        {"a leading point", "[.5]", "byte 1: a value is missing"},
        {"a point without digits", "[1.]", "byte 3: bad number"},
        {"an exponent without digits", "[1e+]", "byte 4: bad number"},
        {"a minus alone", "-", "byte 1: the document ends"},
        {"a number that stops at its point", "1.", "byte 2: the document ends"},
        {"an unknown escape", "[\"\\x\"]", "byte 3: bad escape"},
        {"an escape with a bad digit", "[\"\\u00g0\"]", "byte 6: bad escape"},
        {"NUL by escape", "[\"\\u0000\"]", "byte 7: NUL"},
        {"a low surrogate alone", "[\"\\udc00\"]", "byte 7: surrogate"},
        {"a high surrogate alone", "[\"\\ud800x\"]", "byte 8: surrogate"},
        {"a high surrogate and an escape", "[\"\\ud800\\n\"]", "byte 9: surrogate"},
        {"two high surrogates", "[\"\\ud800\\ud800\"]", "byte 13: surrogate"},
        {"a line break in a string", "[\"a\nb\"]", "byte 3: control character"},
        {"a byte that no UTF-8 has", "[\"\xff\"]", "byte 2: bad UTF-8"},
        {"a continuation without a lead", "[\"\x80\"]", "byte 2: bad UTF-8"},
        {"an overlong slash", "[\"\xc0\xaf\"]", "byte 2: bad UTF-8"},
        {"an overlong three byte form", "[\"\xe0\x80\xaf\"]", "byte 3: bad UTF-8"},
        {"a surrogate in UTF-8", "[\"\xed\xa0\x80\"]", "byte 3: bad UTF-8"},
        {"over U+10FFFF", "[\"\xf4\x90\x80\x80\"]", "byte 3: bad UTF-8"},
        {"a sequence cut by the quote", "[\"\xe2\x82\"]", "byte 4: bad UTF-8"},
        {"one level too many", "[[[[[", "byte 4: nested too deeply"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_error(rows[i].why, rows[i].text, strlen(rows[i].text), rows[i].want);
    expect_error("a NUL byte", "[\"\0\"]", 5, "byte 2: control character");
}

/* Names that people gave are read whatever is in them, cut at any byte. */
static void what_is_no_character_is_mended_where_that_is_wanted(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"NUL", "\"a\\u0000b\"",
         "str(a\xef\xbf\xbd"
         "b) "},
        {"a low half", "\"a\\udc00b\"",
         "str(a\xef\xbf\xbd"
         "b) "},
        {"a high half before a letter", "\"a\\ud800b\"",
         "str(a\xef\xbf\xbd"
         "b) "},
        {"a high half at the end", "\"\\ud800\"", "str(\xef\xbf\xbd) "},
        {"a high half before an escape", "\"\\ud800\\nb\"", "str(\xef\xbf\xbd\nb) "},
        {"a high half before a quote", "\"\\ud800\\\"b\"", "str(\xef\xbf\xbd\"b) "},
        {"a high half before a character", "\"\\ud800\\u0041\"",
         "str(\xef\xbf\xbd"
         "A) "},
        {"a high half before NUL", "\"\\ud800\\u0000\"", "str(\xef\xbf\xbd\xef\xbf\xbd) "},
        {"two high halves, then a low one", "\"\\ud800\\ud83d\\ude00\"",
         "str(\xef\xbf\xbd\xf0\x9f\x98\x80) "},
        {"a pair", "\"\\ud83d\\ude00\"", "str(\xf0\x9f\x98\x80) "},
        {"a high half before UTF-8", "\"\\ud800\xc3\xa9\"", "str(\xef\xbf\xbd\xc3\xa9) "},
    };
    const struct json_stream_options options = {.mends_text = true};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t step = 1; step <= strlen(rows[i].text); step++) {
            struct record record;
            struct err err = {.kind = ERR_OK};

            open_record(&record, &options);
            if (!feed_in_steps(record.stream, rows[i].text, strlen(rows[i].text), step, &err))
                fail_msg("%s: %s", rows[i].why, err.message);
            if (strcmp(record.buf.bytes, rows[i].want) != 0)
                fail_msg("%s: %s", rows[i].why, record.buf.bytes);
            close_record(&record);
        }
    }
}

static void every_beginning_of_a_document_is_incomplete(void **state)
{
    static const char text[] = "{\"a\":[1.5e3,\"\\u20ac\xc3\xa9\",true,{\"b\":null}]}";

    (void)state;
    for (size_t size = 0; size < sizeof text - 1; size++) {
        expect_error("a cut document", text, size, "the document ends in the middle");
    }
}

static void long_texts_are_cut_at_a_character_and_flagged(void **state)
{
    const struct json_stream_options options = {.max_text = 4};

    (void)state;
    expect_events("just fits", &options, "\"abcd\"", "str(abcd) ");
    expect_events("one more", &options, "\"abcde\"", "str(abcd)/5 ");
    expect_events("no half character", &options, "\"abc\xc3\xa9z\"", "str(abc)/6 ");
    expect_events("nothing after a gap", &options, "\"ab\xe2\x82\xacz\"", "str(ab)/6 ");
    expect_events("a long number", &options, "[123456]", "[ num(1234)/6 ] ");
    expect_events("the next one is whole again", &options, "[\"abcde\",\"f\"]",
                  "[ str(abcd)/5 str(f) ] ");
}

static void what_is_cut_is_still_checked(void **state)
{
    struct record record;
    struct err err = {0};

    (void)state;
    open_record(&record, &(struct json_stream_options){.max_text = 4});
    assert_false(feed_in_steps(record.stream, "\"abcdefgh\\q\"", 12, 1, &err));
    assert_non_null(strstr(err.message, "byte 10: bad escape"));
    close_record(&record);
}

static void long_texts_come_in_pieces_on_request(void **state)
{
    const struct json_stream_options options = {.max_text = 4, .wants_pieces = true};

    (void)state;
    expect_events("just under", &options, "\"abc\"", "str(abc) ");
    expect_events("three parts", &options, "\"abcdefghi\"",
                  "piece(abcd)/4 piece(efgh)/8 str(i)/9 ");
    expect_events("nothing is left for the end", &options, "\"abcd\"", "piece(abcd)/4 str/4 ");
    expect_events("a character is not split", &options, "\"abc\xe2\x82\xac\"",
                  "piece(abc\xe2\x82\xac)/6 str/6 ");
    expect_events("numbers are cut, not split", &options, "[123456]", "[ num(1234)/6 ] ");
}

static void a_long_key_is_an_error_even_with_pieces(void **state)
{
    struct record record;
    struct err err = {0};

    (void)state;
    open_record(&record, &(struct json_stream_options){.max_text = 4, .wants_pieces = true});
    assert_false(feed_in_steps(record.stream, "{\"abcde\":1}", 11, 1, &err));
    assert_non_null(strstr(err.message, "key too long"));
    close_record(&record);
}

static void a_nul_is_let_in_on_request_but_never_in_a_key(void **state)
{
    struct record record;
    struct err err = {0};

    (void)state;
    expect_events("the text has a NUL byte", &(struct json_stream_options){.allows_nul = true},
                  "[\"a\\u0000b\"]", "[ str(a)+2 ] ");
    open_record(&record, &(struct json_stream_options){.allows_nul = true});
    assert_false(feed_in_steps(record.stream, "{\"a\\u0000\":1}", 12, 1, &err));
    assert_non_null(strstr(err.message, "NUL"));
    close_record(&record);
}

static void expect_at_path(const char *path, const char *want)
{
    static const char text[] =
        "{\"data\":{\"all\":[{\"id\":\"1\",\"name\":\"x\"},{\"id\":\"2\",\"sub\":{\"id\":3}}],"
        "\"id\":4,\"al\":[5]},\"data2\":6}";
    struct record record;
    struct err err = {0};

    open_record(&record, &(struct json_stream_options){0});
    record.path = path;
    assert_true(feed_in_steps(record.stream, text, sizeof text - 1, 5, &err));
    if (strcmp(record.buf.bytes ? record.buf.bytes : "", want) != 0)
        fail_msg("at \"%s\": %s, want %s", path, record.buf.bytes, want);
    close_record(&record);
}

static void a_path_names_one_place_and_no_other(void **state)
{
    (void)state;
    expect_at_path("", "{ } ");
    expect_at_path("data.all[].id", "key(id) str(1) key(id) str(2) ");
    expect_at_path("data.all[].sub.id", "key(id) num(3) ");
    expect_at_path("data.all[]", "{ } { } ");
    expect_at_path("data.all", "key(all) [ ] ");
    expect_at_path("data.al[]", "num(5) ");
    expect_at_path("data2", "key(data2) num(6) ");
    expect_at_path("dat", "");
    expect_at_path("data.", "");
    expect_at_path("data[].id", "");
}

static void a_root_array_has_a_path_too(void **state)
{
    struct record record;
    struct err err = {0};

    (void)state;
    open_record(&record, &(struct json_stream_options){0});
    record.path = "[].a[]";
    assert_true(feed_in_steps(record.stream, "[{\"a\":[1,[2]]},3]", 17, 1, &err));
    assert_string_equal(record.buf.bytes, "num(1) [ ] ");
    close_record(&record);
}

static void an_error_of_the_receiver_stops_the_reading(void **state)
{
    struct record record;
    struct err err = {0};

    (void)state;
    open_record(&record, &(struct json_stream_options){0});
    record.stops = true;
    assert_false(json_stream_feed(record.stream, "[1,2]", 5, &err));
    assert_int_equal(err.kind, ERR_DATA);
    assert_false(json_stream_finish(record.stream, &err));
    assert_string_equal(err.message, "enough");
    close_record(&record);
}

static void the_offset_counts_what_was_read(void **state)
{
    struct record record;
    struct err err = {0};

    (void)state;
    open_record(&record, &(struct json_stream_options){0});
    assert_true(json_stream_feed(record.stream, "{\"abcdef\": 1", 12, &err));
    assert_int_equal(json_stream_offset(record.stream), 12);
    close_record(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_do_not_depend_on_the_pieces),
        cmocka_unit_test(what_is_not_json_is_refused_at_its_byte),
        cmocka_unit_test(what_is_no_character_is_mended_where_that_is_wanted),
        cmocka_unit_test(every_beginning_of_a_document_is_incomplete),
        cmocka_unit_test(long_texts_are_cut_at_a_character_and_flagged),
        cmocka_unit_test(what_is_cut_is_still_checked),
        cmocka_unit_test(long_texts_come_in_pieces_on_request),
        cmocka_unit_test(a_long_key_is_an_error_even_with_pieces),
        cmocka_unit_test(a_nul_is_let_in_on_request_but_never_in_a_key),
        cmocka_unit_test(a_path_names_one_place_and_no_other),
        cmocka_unit_test(a_root_array_has_a_path_too),
        cmocka_unit_test(an_error_of_the_receiver_stops_the_reading),
        cmocka_unit_test(the_offset_counts_what_was_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
