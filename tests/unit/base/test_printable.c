#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

struct row {
    const char *why;
    const char *name;
    const char *shown; /* NULL: as it is */
};

// NOLINTBEGIN(misc-misleading-bidirectional): that is what is tried
static const struct row rows[] = {
    {"nothing", "", NULL},
    {"a plain name", "fw-1.0_x86 (2).bin", NULL},
    {"quotes and backslashes are text", "a\"b'c\\d\\", NULL},
    {"what looks like an escape stays, so that printing twice changes nothing", "a\\x0ab", NULL},
    {"two bytes", "Gr\xc3\xbc\xc3\x9f", NULL},
    {"three bytes", "\xe5\x9b\xba\xe4\xbb\xb6", NULL},
    {"four bytes", "\xf0\x9f\x9a\x80", NULL},
    {"the first of two bytes that is printable", "\xc2\xa0", NULL},
    {"the last code point", "\xf4\x8f\xbf\xbf", NULL},
    {"just below the surrogates", "\xed\x9f\xbf", NULL},
    {"just above them", "\xee\x80\x80", NULL},
    {"a right-to-left letter is only a letter", "\xd7\x90", NULL},
    {"a newline", "a\nb", "a\\x0ab"},
    {"a tab", "\t", "\\x09"},
    {"an escape sequence", "\x1b[2J", "\\x1b[2J"},
    {"the last C0 character", "\x1f ", "\\x1f "},
    {"DEL", "\x7f", "\\x7f"},
    {"a C1 character: CSI", "\xc2\x9b", "\\xc2\\x9b"},
    {"the last C1 character", "\xc2\x9f", "\\xc2\\x9f"},
    {"left-to-right mark", "\xe2\x80\x8e", "\\xe2\\x80\\x8e"},
    {"right-to-left mark", "\xe2\x80\x8f", "\\xe2\\x80\\x8f"},
    {"line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
    {"paragraph separator", "\xe2\x80\xa9", "\\xe2\\x80\\xa9"},
    {"right-to-left override",
     "gnp.\xe2\x80\xae"
     "exe",
     "gnp.\\xe2\\x80\\xaeexe"},
    {"just behind it", "\xe2\x80\xaf", NULL},
    {"first isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
    {"pop isolate", "\xe2\x81\xa9", "\\xe2\\x81\\xa9"},
    {"byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf"},
    {"a continuation byte alone", "\x80", "\\x80"},
    {"Latin-1", "Gr\xfc\xdf", "Gr\\xfc\\xdf"},
    {"two bytes, cut", "\xc3", "\\xc3"},
    {"three bytes, cut", "\xe2\x82", "\\xe2\\x82"},
    {"four bytes, cut", "\xf0\x9f\x9a", "\\xf0\\x9f\\x9a"},
    {"cut by a letter that stays", "\xe2\x82x", "\\xe2\\x82x"},
    {"a lead byte and a whole character", "\xe2\xc3\xbc", "\\xe2\xc3\xbc"},
    {"overlong slash of two bytes", "\xc0\xaf", "\\xc0\\xaf"},
    {"overlong DEL", "\xc1\xbf", "\\xc1\\xbf"},
    {"overlong of three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
    {"the longest overlong of three", "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
    {"overlong of four bytes", "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},
    {"the longest overlong of four", "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
    {"the first surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"the last surrogate", "\xed\xbf\xbf", "\\xed\\xbf\\xbf"},
    {"a pair of them", "\xed\xa0\xbd\xed\xb8\x80", "\\xed\\xa0\\xbd\\xed\\xb8\\x80"},
    {"beyond the last code point", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"a lead byte of no encoding", "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
    {"five bytes, as UTF-8 once was", "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
    {"FE and FF", "\xfe\xff", "\\xfe\\xff"},
    {"a backslash before an escape is one as well", "\\\n", "\\x5c\\x0a"},
    {"all of them", "a\\\\\\\xff", "a\\x5c\\x5c\\x5c\\xff"},
    {"but not one that stands apart", "\\a\n\\", "\\a\\x0a\\"},
};
// NOLINTEND(misc-misleading-bidirectional)

static void what_is_not_printable_is_shown_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *want = rows[i].shown ? rows[i].shown : rows[i].name;
        auto_free char *shown = printable_new(rows[i].name);

        if (strcmp(shown, want) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", rows[i].why, shown, want);
        if (printable_is(rows[i].name) != !rows[i].shown)
            fail_msg("%s: said to be %sprintable", rows[i].why, rows[i].shown ? "" : "not ");
    }
}

static void what_was_made_printable_is_and_stays_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *once = printable_new(rows[i].name);
        auto_free char *twice = printable_new(once);

        if (!printable_is(once) || strcmp(once, twice) != 0)
            fail_msg("%s: \"%s\", then \"%s\"", rows[i].why, once, twice);
    }
}

static void every_single_byte_is_ascii_or_shown(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char name[] = {(char)byte, '\0'};
        char want[8];
        auto_free char *shown = printable_new(name);
        bool is_plain = byte >= 0x20 && byte < 0x7f;

        snprintf(want, sizeof want, "\\x%02x", (unsigned)byte);
        if (is_plain)
            snprintf(want, sizeof want, "%c", byte);
        if (strcmp(shown, want) != 0 || printable_is(name) != is_plain)
            fail_msg("byte %02x: \"%s\"", (unsigned)byte, shown);
    }
}

/* By arithmetic, not by the tables of the code under test. */
static size_t encode(uint32_t point, char out[5])
{
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = length; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(lead[length] | point);
    out[length] = '\0';
    return length;
}

static void every_code_point_but_surrogates_has_the_length_of_its_sequence(void **state)
{
    (void)state;
    for (uint32_t point = 1; point <= 0x110000; point++) {
        bool is_one = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        char text[5];
        size_t length = encode(point, text);

        if (utf8_length(text, length) != (is_one ? length : 0))
            fail_msg("U+%04X: %zu", point, utf8_length(text, length));
        if (length > 1 && utf8_length(text, length - 1) != 0)
            fail_msg("U+%04X, cut: %zu", point, utf8_length(text, length - 1));
    }
}

static void a_length_looks_at_no_more_than_it_may(void **state)
{
    (void)state;
    assert_int_equal(utf8_length("", 0), 0);
    assert_int_equal(utf8_length("\0", 1), 1);
    assert_int_equal(utf8_length("ab", 2), 1);
    assert_int_equal(utf8_length("\xc3\xbc", 1), 0);
    assert_int_equal(utf8_length("\xc3\xbc\xc3\xbc", 4), 2);
}

static void a_long_name_is_whole_at_four_times_its_length(void **state)
{
    static const struct {
        const char *why;
        char byte;
        size_t each;
    } longs[] = {
        {"unprintable", '\xff', 4},
        {"printable", 'x', 1},
        {"backslashes", '\\', 1},
    };
    enum { COUNT = 100000 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(longs); i++) {
        auto_free char *name = xcalloc(COUNT + 1, 1);

        memset(name, longs[i].byte, COUNT);
        auto_free char *shown = printable_new(name);
        if (strlen(shown) != COUNT * longs[i].each)
            fail_msg("%s: %zu bytes", longs[i].why, strlen(shown));
        name[COUNT - 1] = '\n';
        auto_free char *ended = printable_new(name);
        assert_string_equal(ended + strlen(ended) - 4, "\\x0a");
        assert_int_equal(printable_is(name), false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_printable_is_shown_byte_by_byte),
        cmocka_unit_test(what_was_made_printable_is_and_stays_as_it_is),
        cmocka_unit_test(every_single_byte_is_ascii_or_shown),
        cmocka_unit_test(every_code_point_but_surrogates_has_the_length_of_its_sequence),
        cmocka_unit_test(a_length_looks_at_no_more_than_it_may),
        cmocka_unit_test(a_long_name_is_whole_at_four_times_its_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
