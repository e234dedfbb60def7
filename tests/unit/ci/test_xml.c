#include "test.h"

#include "base/auto.h"
#include "ci/xml.h"

static const struct {
    const char *why;
    const char *text;
    const char *between;
    const char *within;
} rows[] = {
    {"plain", "a b/c", "a b/c", "a b/c"},
    {"markup", "<a>&\"'", "&lt;a&gt;&amp;\"'", "&lt;a&gt;&amp;&quot;'"},
    {"the end of CDATA", "]]>", "]]&gt;", "]]&gt;"},
    {"line ends are kept", "a\n\tb\r", "a\n\tb&#13;", "a&#10;&#9;b&#13;"},
    {"controls", "\x01\x1b\x7f", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"C1", "\xc2\x9b", "\xef\xbf\xbd", "\xef\xbf\xbd"},
    {"what is beside C1", "\xc2\xa0", "\xc2\xa0", "\xc2\xa0"},
    {"U+FFFE and U+FFFF", "\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd",
     "\xef\xbf\xbd\xef\xbf\xbd"},
    {"U+FFFD itself", "\xef\xbf\xbd", "\xef\xbf\xbd", "\xef\xbf\xbd"},
    {"beyond 16 bits", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {"no UTF-8", "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd", "a\xef\xbf\xbd\xef\xbf\xbd"},
    {"nothing", "", "", ""},
};

static void text_is_escaped_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *got = NULL;
        char want[256];
        size_t size = 0;
        FILE *stream = open_memstream(&got, &size);

        xml_text(stream, rows[i].text);
        xml_attribute(stream, "n", rows[i].text);
        xml_attribute(stream, "absent", NULL);
        fclose(stream);
        snprintf(want, sizeof want, "%s n=\"%s\"", rows[i].between, rows[i].within);
        if (strcmp(got, want) != 0)
            fail_msg("%s: %s", rows[i].why, got);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(text_is_escaped_where_it_stands)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
