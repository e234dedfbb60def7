#include "test.h"

#include <malloc.h>

#include "onekey/inventory.h"
#include "wanted.h"

/* Writes what it is told, one firmware after the other, into a text. */
struct listing {
    char text[1024];
    size_t count;
    size_t longest; /* of the names */
};

static void note(void *owner, const struct inventory_firmware *firmware)
{
    struct listing *listing = owner;
    size_t used = strlen(listing->text);

    listing->count++;
    if (strlen(firmware->name) > listing->longest)
        listing->longest = strlen(firmware->name);
    snprintf(listing->text + used, sizeof listing->text - used, "%s|%s|%s;", firmware->id,
             firmware->name, firmware->version ? firmware->version : "-");
}

/* Only what the richer questions ask for. */
static void note_details(void *owner, const struct inventory_firmware *firmware)
{
    struct listing *listing = owner;
    size_t used = strlen(listing->text);

    listing->count++;
    snprintf(listing->text + used, sizeof listing->text - used, "%s|%s|%s|%s|%s;", firmware->id,
             firmware->vendor ? firmware->vendor : "-", firmware->product ? firmware->product : "-",
             firmware->product_group ? firmware->product_group : "-",
             firmware->is_analysed ? "analysed" : "not");
}

static void count_only(void *owner, const struct inventory_firmware *firmware)
{
    struct listing *listing = owner;

    (void)firmware;
    listing->count++;
}

static void feed(struct inventory_reader *reader, const char *piece)
{
    struct err err = {0};

    if (!inventory_reader_feed(reader, piece, strlen(piece), &err))
        fail_msg("%s", err.message);
}

/* Feeds the answer in pieces of that size and finishes. */
static bool read_with(inventory_fn on_firmware, const char *answer, size_t piece,
                      struct listing *listing, struct err *err)
{
    struct inventory_reader *reader = inventory_reader_new(on_firmware, listing);
    size_t size = strlen(answer);
    size_t count = 0;
    bool ok = true;

    for (size_t at = 0; ok && at < size; at += piece)
        ok = inventory_reader_feed(reader, answer + at, size - at < piece ? size - at : piece, err);
    ok = ok && inventory_reader_finish(reader, &count, err);
    if (ok)
        assert_int_equal(count, listing->count);
    if (ok)
        assert_false(inventory_reader_lacks_field(reader));
    inventory_reader_free(reader);
    return ok;
}

static bool read_answer(const char *answer, size_t piece, struct listing *listing, struct err *err)
{
    return read_with(note, answer, piece, listing, err);
}

/* Runs of white space become one blank. */
static void flatten(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        bool is_blank = *from == ' ' || *from == '\n';

        if (!is_blank)
            *to++ = *from;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    *to = '\0';
}

static void each_question_is_poorer_than_the_one_before(void **state)
{
    static const struct {
        enum inventory_detail detail;
        const char *want;
    } rows[] = {
        {INVENTORY_PLAIN, "query { allFirmwares { id name version } } "},
        {INVENTORY_GROUP,
         "query { allFirmwares { id name version product { name vendor } productGroup { name } "
         "latestAnalysis { state result } } } "},
        {INVENTORY_VENDOR, "query { allFirmwares { id name version product { name vendor } "
                           "latestAnalysis { state result } } } "},
        {INVENTORY_PRODUCT, "query { allFirmwares { id name version product { name } "
                            "latestAnalysis { state result } } } "},
        {INVENTORY_NAMES,
         "query { allFirmwares { id name version latestAnalysis { state result } } } "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum inventory_detail next = rows[i].detail;
        bool is_last = next == INVENTORY_PLAIN || next == INVENTORY_NAMES;
        char *query = NULL;

        assert_null(parse_request(inventory_request(rows[i].detail), &query));
        flatten(query);
        assert_string_equal(query, rows[i].want);
        free(query);
        assert_int_equal(inventory_next_detail(&next), !is_last);
        assert_int_equal(next, is_last ? rows[i].detail : rows[i + 1].detail);
    }
}

#define LISTED(entries) "{\"data\":{\"allFirmwares\":[" entries "]}}"

static void good_answers_are_listed_however_they_are_cut(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        const char *want;
    } rows[] = {
        {"none", LISTED(""), ""},
        {"two",
         LISTED("{\"id\":\"a\",\"name\":\"A\",\"version\":\"1\"},"
                "{\"id\":\"b\",\"name\":\"B\",\"version\":null}"),
         "a|A|1;b|B|-;"},
        {"nothing of the first one sticks to the second",
         LISTED("{\"id\":\"a\",\"name\":\"A\",\"version\":\"1\"},{\"id\":\"b\"}"), "a|A|1;b||-;"},
        {"fields in any order, and more of them",
         LISTED("{\"version\":\"1\",\"x\":{\"id\":\"no\",\"y\":[{\"name\":\"no\"}]},"
                "\"name\":\"A\",\"id\":\"a\",\"z\":[1,{}]}"),
         "a|A|1;"},
        {"other keys around",
         "{\"extensions\":{\"errors\":[1],\"data\":{\"allFirmwares\":[7]}},\"data\":{\"x\":"
         "{\"allFirmwares\":[7]},\"y\":[[[]]],\"allFirmwares\":[{\"id\":\"a\"}],\"z\":0}}",
         "a||-;"},
        {"errors null, empty", "{\"errors\":null,\"data\":{\"allFirmwares\":[{\"id\":\"a\"}]}}",
         "a||-;"},
        {"errors empty", "{\"data\":{\"allFirmwares\":[{\"id\":\"a\"}]},\"errors\":[]}", "a||-;"},
        {"blanks, escapes, an umlaut",
         " \r\n{ \"data\" : { \"allFirmwares\" : [ { \"id\" : \"a\" , \"name\" : "
         "\"\\u00e4\xc3\xa4\" } ] } }\n",
         "a|\xc3\xa4\xc3\xa4|-;"},
        {"byte order mark", "\xef\xbb\xbf{\"data\":{\"allFirmwares\":[]}}", ""},
    };
    static const size_t pieces[] = {1, 2, 7, 100000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * COUNT_OF(pieces); i++) {
        const char *why = rows[i / COUNT_OF(pieces)].why;
        struct listing listing = {0};
        struct err err = {0};

        if (!read_answer(rows[i / COUNT_OF(pieces)].answer, pieces[i % COUNT_OF(pieces)], &listing,
                         &err))
            fail_msg("%s: %s", why, err.message);
        if (strcmp(listing.text, rows[i / COUNT_OF(pieces)].want) != 0)
            fail_msg("%s: %s", why, listing.text);
    }
}

#define DETAILED(rest) LISTED("{\"id\":\"a\"," rest "}")

static void product_group_and_analysis_are_told_where_they_are(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        const char *want;
    } rows[] = {
        {"all of it",
         DETAILED("\"product\":{\"name\":\"P\",\"vendor\":\"V\"},\"productGroup\":{\"name\":\"G\"},"
                  "\"latestAnalysis\":{\"state\":\"DONE\",\"result\":\"COMPLETE\"}"),
         "a|V|P|G|analysed;"},
        {"nothing of the first one sticks to the second",
         LISTED("{\"id\":\"a\",\"product\":{\"name\":\"P\",\"vendor\":\"V\"},\"productGroup\":"
                "{\"name\":\"G\"},\"latestAnalysis\":null},{\"id\":\"b\"}"),
         "a|V|P|G|not;b|-|-|-|analysed;"},
        {"null is no missing right",
         DETAILED("\"product\":null,\"productGroup\":null,\"latestAnalysis\":null"),
         "a|-|-|-|not;"},
        {"null within",
         DETAILED("\"product\":{\"name\":null,\"vendor\":null},\"productGroup\":{\"name\":null},"
                  "\"latestAnalysis\":{\"state\":null,\"result\":null}"),
         "a|-|-|-|not;"},
        {"not asked for: it may be analysed", DETAILED("\"name\":\"A\""), "a|-|-|-|analysed;"},
        {"still at work", DETAILED("\"latestAnalysis\":{\"state\":\"RUNNING\",\"result\":null}"),
         "a|-|-|-|not;"},
        {"done without a result",
         DETAILED("\"latestAnalysis\":{\"state\":\"DONE\",\"result\":null}"), "a|-|-|-|not;"},
        {"done and failed",
         DETAILED("\"latestAnalysis\":{\"result\":\"FAILED\",\"state\":\"DONE\"}"), "a|-|-|-|not;"},
        {"a result of an earlier state",
         DETAILED("\"latestAnalysis\":{\"state\":\"QUEUED\",\"result\":\"COMPLETE\"}"),
         "a|-|-|-|not;"},
        {"more fields, deeper, of the same names",
         DETAILED(
             "\"product\":{\"x\":{\"name\":\"no\",\"vendor\":7},\"name\":\"P\",\"y\":[{\"name\":1}"
             "]},\"z\":{\"name\":[],\"state\":\"no\"},\"w\":[[\"name\"],{\"vendor\":2}]"),
         "a|-|P|-|analysed;"},
    };
    static const size_t pieces[] = {1, 5, 100000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * COUNT_OF(pieces); i++) {
        const char *why = rows[i / COUNT_OF(pieces)].why;
        struct listing listing = {0};
        struct err err = {0};

        if (!read_with(note_details, rows[i / COUNT_OF(pieces)].answer,
                       pieces[i % COUNT_OF(pieces)], &listing, &err))
            fail_msg("%s: %s", why, err.message);
        if (strcmp(listing.text, rows[i / COUNT_OF(pieces)].want) != 0)
            fail_msg("%s: %s", why, listing.text);
    }
}

static void only_a_refused_field_asks_for_a_poorer_question(void **state)
{
    static const struct {
        const char *why;
        const char *answer;
        enum err_kind kind;
        bool want;
    } rows[] = {
        {"one field",
         "{\"errors\":[{\"message\":\"Cannot query field 'vendor' on type 'Product'.\"}]}",
         ERR_PROTOCOL, true},
        {"two, with their places",
         "{\"errors\":[{\"message\":\"m\",\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}},"
         "{\"message\":\"Cannot query field 'a' on type 'B'.\",\"locations\":[{\"line\":6}]}],"
         "\"data\":null}",
         ERR_PROTOCOL, true},
        {"words that have no kind of their own",
         "{\"errors\":[{\"message\":\"Field 'vendor' doesn't exist on type 'Product'\"}]}",
         ERR_REJECTED, true},
        {"a right is missing, too: a poorer question would not help",
         "{\"errors\":[{\"message\":\"Cannot query field 'a' on type 'B'.\"},{\"message\":"
         "\"Forbidden\"}]}",
         ERR_RIGHTS, false},
        {"the token", "{\"errors\":[{\"message\":\"token expired\"}]}", ERR_AUTH, false},
        {"trouble of the platform", "{\"errors\":[{\"message\":\"Internal server error\"}]}",
         ERR_SERVER, false},
        {"a broken query", "{\"errors\":[{\"message\":\"Syntax Error: no\"}]}", ERR_PROTOCOL,
         false},
        {"an answer that was cut",
         "{\"errors\":[{\"message\":\"Cannot query field 'a' on type 'B'.\"}", ERR_PROTOCOL, false},
        {"another shape", "{}", ERR_PROTOCOL, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct listing listing = {0};
        struct inventory_reader *reader = inventory_reader_new(note, &listing);
        struct err err = {0};

        feed(reader, rows[i].answer);
        assert_false(inventory_reader_finish(reader, NULL, &err));
        if (err.kind != rows[i].kind || inventory_reader_lacks_field(reader) != rows[i].want)
            fail_msg("%s: %s (%s)", rows[i].why, err.message, err_kind_name(err.kind));
        inventory_reader_free(reader);
    }
}

static const struct refused bad_answers[] = {
    {"nothing", "", ERR_PROTOCOL, "read inventory: answer is empty"},
    {"blanks", " \n", ERR_PROTOCOL, "read inventory: answer is empty"},
    {"a page", "\n <html>", ERR_PROTOCOL, "read inventory: answer is an HTML page, not JSON"},
    {"a page behind a byte order mark", "\xef\xbb\xbf<html>", ERR_PROTOCOL, "an HTML page"},
    {"half a byte order mark", "\xef {}", ERR_PROTOCOL, "read inventory: "},
    {"a byte order mark too late", " \xef\xbb\xbf{}", ERR_PROTOCOL, "read inventory: "},
    {"words", "upstream", ERR_PROTOCOL, "read inventory: "},
    {"cut after a firmware", "{\"data\":{\"allFirmwares\":[{\"id\":\"a\"}", ERR_PROTOCOL,
     "read inventory: "},
    {"cut before the last brace", "{\"data\":{\"allFirmwares\":[{\"id\":\"a\"}]}", ERR_PROTOCOL,
     "read inventory: "},
    {"more after the end", LISTED("") "{", ERR_PROTOCOL, "read inventory: "},
    {"a list", "[]", ERR_PROTOCOL, "another shape: no object"},
    {"a number", "7", ERR_PROTOCOL, "another shape: no object"},
    {"an empty object", "{}", ERR_PROTOCOL, "another shape: no allFirmwares"},
    {"data null", "{\"data\":null}", ERR_PROTOCOL, "another shape: no allFirmwares"},
    {"data a list", "{\"data\":[{\"allFirmwares\":[]}]}", ERR_PROTOCOL, "data is no object"},
    {"list an object", "{\"data\":{\"allFirmwares\":{}}}", ERR_PROTOCOL, "want a list"},
    {"list null", "{\"data\":{\"allFirmwares\":null}}", ERR_RIGHTS, "lacks the right"},
    {"an entry null", LISTED("{\"id\":\"a\"},null"), ERR_RIGHTS, "lacks the right"},
    {"an entry a number", LISTED("{\"id\":\"a\"},7"), ERR_PROTOCOL,
     "allFirmwares[1]: want an object"},
    {"an entry a list", LISTED("[]"), ERR_PROTOCOL, "allFirmwares[0]: want an object"},
    {"no id", LISTED("{\"name\":\"A\"}"), ERR_PROTOCOL, "allFirmwares[0]: no id"},
    {"id a number", LISTED("{\"id\":7}"), ERR_PROTOCOL, "allFirmwares[0].id: not an ID"},
    {"id an object", LISTED("{\"id\":{\"id\":\"a\"}}"), ERR_PROTOCOL, "id: not an ID"},
    {"id that climbs", LISTED("{\"id\":\"../a\"}"), ERR_PROTOCOL, "id: not an ID"},
    {"id twice", LISTED("{\"id\":\"a\",\"id\":\"b\"}"), ERR_PROTOCOL, "a key twice"},
    {"name a number", LISTED("{\"id\":\"a\",\"name\":7}"), ERR_PROTOCOL, "name: want a text"},
    {"version a list", LISTED("{\"id\":\"a\",\"version\":[]}"), ERR_PROTOCOL,
     "version: want a text"},
    {"product a text", DETAILED("\"product\":\"P\""), ERR_PROTOCOL, "product: want an object"},
    {"product a list", DETAILED("\"product\":[{\"name\":\"P\"}]"), ERR_PROTOCOL,
     "allFirmwares[0].product: want an object"},
    {"product twice", DETAILED("\"product\":null,\"product\":{\"name\":\"P\"}"), ERR_PROTOCOL,
     "product: a key twice"},
    {"its name twice", DETAILED("\"product\":{\"name\":\"P\",\"name\":null}"), ERR_PROTOCOL,
     "allFirmwares[0].product.name: a key twice"},
    {"vendor an object", DETAILED("\"product\":{\"vendor\":{\"name\":\"V\"}}"), ERR_PROTOCOL,
     "product.vendor: want a text"},
    {"group a number", DETAILED("\"productGroup\":1"), ERR_PROTOCOL,
     "productGroup: want an object"},
    {"state a boolean", DETAILED("\"latestAnalysis\":{\"state\":true}"), ERR_PROTOCOL,
     "latestAnalysis.state: want a text"},
    {"the list twice", "{\"data\":{\"allFirmwares\":[],\"allFirmwares\":[]}}", ERR_PROTOCOL,
     "it comes twice"},
    {"no UTF-8", LISTED("{\"id\":\"a\",\"name\":\"\xff\"}"), ERR_PROTOCOL, "read inventory: "},
    {"errors before", "{\"errors\":[{\"message\":\"Forbidden\"}],\"data\":null}", ERR_RIGHTS,
     "read inventory: platform says: Forbidden"},
    {"errors after",
     "{\"data\":{\"allFirmwares\":[null]},\"errors\":[{\"message\":\"m\","
     "\"path\":[\"allFirmwares\",0],\"extensions\":{\"code\":\"FORBIDDEN\"}}]}",
     ERR_RIGHTS, "platform says: m"},
    {"an unknown error beside a whole list",
     "{\"data\":{\"allFirmwares\":[{\"id\":\"a\"}]},\"errors\":[{\"message\":\"m\"},{}]}",
     ERR_REJECTED, "platform says: m (and 1 more)"},
    {"the gateway's errors", "{\"errors\":[{\"type\":\"auth.failed\",\"detail\":\"d\"}]}", ERR_AUTH,
     "platform says: d"},
    {"errors of odd types",
     "{\"errors\":[7,[\"a\",{\"message\":\"no\"}],\"words\",{\"message\":{},\"extensions\":"
     "[{\"code\":\"no\"}]}]}",
     ERR_REJECTED, "no reason given (and 3 more)"},
    {"errors a text", "{\"errors\":\"no\"}", ERR_PROTOCOL, "errors is no list"},
};

static void bad_answers_are_refused_however_they_are_cut(void **state)
{
    static const size_t pieces[] = {1, 3, 100000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_answers) * COUNT_OF(pieces); i++) {
        const struct refused *row = &bad_answers[i / COUNT_OF(pieces)];
        struct listing listing = {0};
        struct err err = {0};

        want_refused(row, read_answer(row->answer, pieces[i % COUNT_OF(pieces)], &listing, &err),
                     &err);
    }
}

static void a_failure_stays(void **state)
{
    struct listing listing = {0};
    struct inventory_reader *reader = inventory_reader_new(note, &listing);
    struct err first = {0};
    struct err second = {0};

    (void)state;
    assert_false(inventory_reader_feed(reader, "<html>", 6, &first));
    assert_false(inventory_reader_feed(reader, LISTED(""), strlen(LISTED("")), &second));
    assert_string_equal(second.message, first.message);
    memset(&second, 0, sizeof second);
    assert_false(inventory_reader_finish(reader, NULL, &second));
    assert_string_equal(second.message, first.message);
    inventory_reader_free(reader);
    inventory_reader_free(NULL);
}

static void of_many_errors_the_first_ones_count(void **state)
{
    struct listing listing = {0};
    struct inventory_reader *reader = inventory_reader_new(note, &listing);
    struct err err = {0};
    size_t before = 0;

    (void)state;
    feed(reader, "{\"errors\":[{\"message\":\"first\"}");
    for (int i = 0; i < 100000; i++) {
        feed(reader, i < 20 ? ",{\"message\":\"x\"}" : ",{\"message\":\"Forbidden\"}");
        if (i == 100)
            before = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks <= before + 1024);
    feed(reader, "]}");
    assert_false(inventory_reader_finish(reader, NULL, &err));
    assert_int_equal(err.kind, ERR_REJECTED);
    assert_string_equal(err.message, "read inventory: platform says: first (and 15 more)");
    inventory_reader_free(reader);
}

static void memory_does_not_grow_with_the_tenant(void **state)
{
    static const char entry[] =
        "{\"id\":\"0f4cdd29-6d55-4d7f-a1e8-2bd1b9cf5ab7\",\"name\":\"Acme-R1\",\"version\":\"1\","
        "\"product\":{\"name\":\"R1\",\"vendor\":\"Acme\"},\"productGroup\":{\"name\":\"Default\"},"
        "\"latestAnalysis\":{\"state\":\"DONE\",\"result\":\"COMPLETE\"}},";
    struct listing listing = {0};
    struct inventory_reader *reader = inventory_reader_new(count_only, &listing);
    struct err err = {0};
    size_t before = 0;

    (void)state;
    feed(reader, "{\"data\":{\"allFirmwares\":[");
    for (int i = 0; i < 100000; i++) {
        feed(reader, entry);
        if (i == 100)
            before = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks <= before + 1024);
    feed(reader, "{\"id\":\"a\"}]}}");
    assert_true(inventory_reader_finish(reader, NULL, &err));
    assert_int_equal(listing.count, 100001);
    inventory_reader_free(reader);
}

static void a_name_of_megabytes_is_cut(void **state)
{
    struct listing listing = {0};
    struct inventory_reader *reader = inventory_reader_new(note, &listing);
    struct err err = {0};
    char piece[1001] = "";

    (void)state;
    memset(piece, 'x', sizeof piece - 1);
    feed(reader, "{\"data\":{\"allFirmwares\":[{\"id\":\"a\",\"name\":\"");
    for (int i = 0; i < 10000; i++)
        feed(reader, piece);
    feed(reader, "\"}]}}");
    assert_true(inventory_reader_finish(reader, NULL, &err));
    assert_int_equal(listing.longest, 4096);
    inventory_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_is_poorer_than_the_one_before),
        cmocka_unit_test(good_answers_are_listed_however_they_are_cut),
        cmocka_unit_test(product_group_and_analysis_are_told_where_they_are),
        cmocka_unit_test(only_a_refused_field_asks_for_a_poorer_question),
        cmocka_unit_test(bad_answers_are_refused_however_they_are_cut),
        cmocka_unit_test(a_failure_stays),
        cmocka_unit_test(of_many_errors_the_first_ones_count),
        cmocka_unit_test(memory_does_not_grow_with_the_tenant),
        cmocka_unit_test(a_name_of_megabytes_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
