#include "test.h"

#include <time.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/yaml_tree.h"

enum { MAX_BYTES = 256 * 1024, MAX_DEPTH = 16 };

static bool parse_bytes(const char *bytes, size_t size, struct tree_node **root, struct err *err)
{
    const struct tree_source source = {.name = "t.yaml",
                                       .bytes = bytes,
                                       .size = size,
                                       .max_bytes = MAX_BYTES,
                                       .max_depth = MAX_DEPTH};

    return tree_parse(&source, root, err);
}

static struct tree_node *parse(const char *text)
{
    struct tree_node *root = NULL;
    struct err err;

    if (!parse_bytes(text, strlen(text), &root, &err))
        fail_msg("refused: %s", err.message);
    return root;
}

static void expect_refused(const char *why, const char *bytes, size_t size, const char *want)
{
    struct tree_node *root = NULL;
    struct err err = {0};

    if (parse_bytes(bytes, size, &root, &err)) {
        tree_free(root);
        fail_msg("%s: accepted, want %s", why, want);
    }
    assert_null(root);
    assert_int_equal(err.kind, ERR_CONFIG);
    if (strcmp(err.message, want) != 0)
        fail_msg("%s: %s, want %s", why, err.message, want);
}

static void a_tree_keeps_order_and_places(void **state)
{
    auto_tree struct tree_node *root = parse("# remark\nb: 1\na:\n  - x\n  - {k: \"v\"}\n");
    const struct tree_node *list = tree_child(root, "a");

    (void)state;
    assert_int_equal(root->kind, TREE_MAPPING);
    assert_int_equal(root->count, 2);
    assert_string_equal(root->children[0].key, "b");
    assert_string_equal(root->children[1].key, "a");
    assert_int_equal(root->children[0].key_place.line, 2);
    assert_int_equal(root->children[0].key_place.column, 1);
    assert_int_equal(root->children[0].place.line, 2);
    assert_int_equal(root->children[0].place.column, 4);
    assert_int_equal(list->kind, TREE_SEQUENCE);
    assert_int_equal(list->count, 2);
    assert_int_equal(list->children[0].place.line, 4);
    assert_int_equal(list->children[0].place.column, 5);
    assert_string_equal(list->children[1].children[0].text, "v");
}

static void columns_count_characters_not_bytes(void **state)
{
    auto_tree struct tree_node *root = parse("{\"\xc3\xa4\xe2\x82\xac\": x}");

    (void)state;
    assert_int_equal(root->children[0].place.column, 8);
}

static void quotes_are_told_from_plain_words(void **state)
{
    auto_tree struct tree_node *root = parse("a: no\nb: \"no\"\nc: 'no'\nd: |\n  no\n");

    (void)state;
    assert_true(root->children[0].is_plain);
    for (size_t i = 1; i < 4; i++)
        assert_false(root->children[i].is_plain);
    assert_string_equal(root->children[3].text, "no\n");
}

static void scalars_stay_as_they_were_written(void **state)
{
    static const char *const texts[] = {"no",       "010",        "1e3", "0x1F",
                                        "12:30:45", "2027-03-01", "1_0"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        auto_free char *text = xasprintf("k: %s", texts[i]);
        auto_tree struct tree_node *root = parse(text);

        assert_string_equal(root->children[0].text, texts[i]);
    }
}

static void nothing_is_null_only_without_quotes(void **state)
{
    auto_tree struct tree_node *root =
        parse("a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\nf: nullable\ng: []\n");

    (void)state;
    for (size_t i = 0; i < root->count; i++)
        assert_int_equal(tree_is_null(&root->children[i]), i < 3);
}

static void nodes_are_found_by_path(void **state)
{
    static const struct {
        const char *path;
        const char *want;
    } rows[] = {
        {"watch[0].name", "one"},
        {"watch[1].include[2]", "c"},
        {"watch[1].name", "two"},
        {"log.level", "info"},
        {"watch[2].name", NULL},
        {"watch[].name", NULL},
        {"watch.name", NULL},
        {"log[0]", NULL},
        {"log.level.more", NULL},
        {"log.lev", NULL},
        {"watch[x].name", NULL},
        {"watch[0", NULL},
        {"watch[99999999999999999999999999].name", NULL},
    };
    auto_tree struct tree_node *root = parse("watch:\n- name: one\n- name: two\n"
                                             "  include: [a, b, c]\nlog: {level: info}\n");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tree_node *node = tree_find(root, rows[i].path);

        if ((node == NULL) != (rows[i].want == NULL))
            fail_msg("%s was%s found", rows[i].path, node ? "" : " not");
        if (node)
            assert_string_equal(node->text, rows[i].want);
    }
    assert_null(tree_find(NULL, "watch"));
    assert_null(tree_child(NULL, "watch"));
    assert_null(tree_child(&root->children[0], "name"));
}

static void an_empty_document_is_no_tree(void **state)
{
    static const char *const texts[] = {"", "\n\n", "# only a remark\n", "\xef\xbb\xbf# a mark"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_null(parse(texts[i]));
}

static void a_document_may_have_its_marks(void **state)
{
    auto_tree struct tree_node *root = parse("\xef\xbb\xbf---\na: 1\n...\n");

    (void)state;
    assert_string_equal(tree_find(root, "a")->text, "1");
}

static void what_is_no_plain_data_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"a key twice", "a: 1\nb: 2\na: 3\n",
         "t.yaml:3:1: the key a stands twice, first in line 1; keep one"},
        {"a key twice below", "x:\n  - {a: 1, b: 2, b: 3, a: 4}\n",
         "t.yaml:2:18: the key b stands twice, first in line 2; keep one"},
        {"quoting does not make it another key", "a: 1\n\"a\": 2\n",
         "t.yaml:2:1: the key a stands twice, first in line 1; keep one"},
        {"an anchor", "a: &x 1\n",
         "t.yaml:1:4: anchors are not accepted; put a text that starts with & in quotes"},
        {"an anchor on a list", "a: &x [1]\n",
         "t.yaml:1:4: anchors are not accepted; put a text that starts with & in quotes"},
        {"an alias", "a: *x\n",
         "t.yaml:1:4: aliases are not accepted; put a text that starts with * in quotes"},
        {"an alias as key", "*x : 1\n",
         "t.yaml:1:1: a key that is no text; write a name and a colon"},
        {"a glob without quotes", "a: [**/*.bin]\n",
         "t.yaml:1:5: a text that starts with * or & has no quotes; put it in quotes"},
        {"a tag", "a: !!int 3\n",
         "t.yaml:1:4: tags are not accepted; put a text that starts with ! in quotes"},
        {"a tag on a mapping", "a: !!map {b: 1}\n",
         "t.yaml:1:4: tags are not accepted; put a text that starts with ! in quotes"},
        {"a tag on a key", "!!str a: 1\n",
         "t.yaml:1:1: tags are not accepted; put a text that starts with ! in quotes"},
        {"a list as key", "[a]: 1\n",
         "t.yaml:1:1: a key that is no text; write a name and a colon"},
        {"a second document", "a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document; keep one"},
        {"a version directive", "%YAML 1.1\n---\na: 1\n", "t.yaml:1:1: a % directive; remove it"},
        {"a tag directive", "%TAG ! tag:x,2000:\n---\na: 1\n",
         "t.yaml:1:1: a % directive; remove it"},
        {"a tab as indentation", "a:\n\tb: 1\n",
         "t.yaml:2:1: a tab; use spaces (in a quoted text \"\\t\")"},
        {"a tab as indentation inside brackets, which libyaml takes", "a: [\n\tb]\n",
         "t.yaml:2:1: a tab; use spaces (in a quoted text \"\\t\")"},
        {"a tab behind a colon, which libyaml takes", "a:\tb\n",
         "t.yaml:1:3: a tab; use spaces (in a quoted text \"\\t\")"},
        {"a tab behind a # that is part of a word", "a: b#\tc\n",
         "t.yaml:1:6: a tab; use spaces (in a quoted text \"\\t\")"},
        {"a NUL written as an escape", "a: \"x\\0y\"\n",
         "t.yaml:1:4: a text with a NUL character; remove it"},
        {"a NUL in a key", "\"x\\0y\": 1\n", "t.yaml:1:1: a text with a NUL character; remove it"},
        {"a missing bracket", "a: [1, 2\nb: 3\n",
         "t.yaml:2:2: did not find expected ',' or ']'; look for a missing quote, colon, bracket "
         "or indentation here or above"},
        {"a colon in a plain text", "a: b: c\n",
         "t.yaml:1:5: mapping values are not allowed in this context; look for a missing quote, "
         "colon, bracket or indentation here or above"},
        {"bytes that are no UTF-8", "a: 1\nb: \xff\n",
         "t.yaml:2:4: invalid leading UTF-8 octet; save the file as UTF-8 text"},
        {"a control character", "a: \x01\n",
         "t.yaml:1:4: control characters are not allowed; save the file as UTF-8 text"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_refused(rows[i].why, rows[i].text, strlen(rows[i].text), rows[i].want);
}

static void a_tab_in_a_comment_does_no_harm(void **state)
{
    auto_tree struct tree_node *root = parse("#\tone\na: 1 #\ttwo\n  #\tthree\n");

    (void)state;
    assert_int_equal(root->count, 1);
}

static void the_name_in_a_message_is_printable(void **state)
{
    const struct tree_source source = {
        .name = "a\nb", .bytes = "[", .size = 1, .max_bytes = 10, .max_depth = 1};
    struct tree_node *root;
    struct err err;

    (void)state;
    assert_false(tree_parse(&source, &root, &err));
    assert_memory_equal(err.message, "a\\x0ab:", 7);
}

static void the_depth_has_a_limit(void **state)
{
    char text[2 * (MAX_DEPTH + 1) + 1] = "";

    (void)state;
    memset(text, '[', MAX_DEPTH);
    memset(text + MAX_DEPTH, ']', MAX_DEPTH);
    tree_free(parse(text));
    memset(text, '[', MAX_DEPTH + 1);
    memset(text + MAX_DEPTH + 1, ']', MAX_DEPTH + 1);
    expect_refused("one deeper", text, strlen(text),
                   "t.yaml:1:17: nested deeper than 16 levels; remove brackets or indentation");
}

static void the_size_has_a_limit(void **state)
{
    auto_free char *text = xcalloc(1, MAX_BYTES + 2);
    struct tree_node *root;
    struct err err;

    (void)state;
    memset(text, ' ', MAX_BYTES + 1);
    assert_true(parse_bytes(text, MAX_BYTES, &root, &err));
    expect_refused("one byte more", text, MAX_BYTES + 1,
                   "t.yaml:1:1: 262145 bytes are too many; at most 262144 are accepted");
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Each of them takes libyaml, or a naive tree, many seconds. */
static void hostile_documents_are_refused_fast(void **state)
{
    static const struct {
        const char *why;
        const char *unit;
    } rows[] = {
        {"brackets", "["},
        {"braces", "{"},
        {"brackets on lines of their own", "[\n"},
        {"mappings in lists", "[{"},
        {"lists in a line", "- "},
        {"explicit keys", "? "},
        {"quotes", "\""},
        {"anchors", "&"},
        {"alternating", "[a,{b: "},
        {"colons", ": "},
        {"block scalars", "|\n"},
        {"percents", "%\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t unit = strlen(rows[i].unit);
        size_t size = MAX_BYTES / unit * unit;
        auto_free char *text = xcalloc(1, size + 1);
        struct tree_node *root = NULL;
        struct err err;

        for (size_t at = 0; at < size; at += unit)
            memcpy(text + at, rows[i].unit, unit);
        double start = cpu_seconds();
        if (parse_bytes(text, size, &root, &err))
            fail_msg("%s: accepted", rows[i].why);
        double spent = cpu_seconds() - start;
        if (spent > 1.0)
            fail_msg("%s: %.1f s", rows[i].why, spent);
    }
}

static void a_mapping_with_very_many_keys_is_read_fast(void **state)
{
    enum { KEYS = 30000, KEY_SIZE = 8 };
    auto_free char *text = xcalloc(1, KEYS * KEY_SIZE + 1);
    double start = cpu_seconds();

    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        snprintf(text + i * KEY_SIZE, KEY_SIZE + 1, "k%05zu:\n", i);
    auto_tree struct tree_node *root = parse(text);
    assert_int_equal(root->count, KEYS);
    assert_true(cpu_seconds() - start < 2.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_keeps_order_and_places),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(quotes_are_told_from_plain_words),
        cmocka_unit_test(scalars_stay_as_they_were_written),
        cmocka_unit_test(nothing_is_null_only_without_quotes),
        cmocka_unit_test(nodes_are_found_by_path),
        cmocka_unit_test(an_empty_document_is_no_tree),
        cmocka_unit_test(a_document_may_have_its_marks),
        cmocka_unit_test(what_is_no_plain_data_is_refused_with_its_place),
        cmocka_unit_test(a_tab_in_a_comment_does_no_harm),
        cmocka_unit_test(the_name_in_a_message_is_printable),
        cmocka_unit_test(the_depth_has_a_limit),
        cmocka_unit_test(the_size_has_a_limit),
        cmocka_unit_test(hostile_documents_are_refused_fast),
        cmocka_unit_test(a_mapping_with_very_many_keys_is_read_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
