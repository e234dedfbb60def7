#include "test.h"

#include <utime.h>

#include "base/mem.h"
#include "cli/sbom_folder.h"
#include "printed.h"
#include "tree.h"

enum { NOW = 1780000000 }; /* seconds: when SHA256SUMS was written */

#define NOW_MS ((int64_t)NOW * 1000)

/* Of "one\n" and "two\n". */
#define ONE "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806"
#define TWO "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a"

struct stage {
    struct tree tree;
    struct printed printed;
    struct findings findings;
    struct sbom_folder folder;
};

static void stage_make(struct stage *stage)
{
    struct err err;

    tree_make(&stage->tree);
    printed_begin(&stage->printed);
    stage->findings = (struct findings){.out = &stage->printed.out};
    if (!sbom_folder_open(stage->tree.path, &stage->findings, &stage->folder, &err))
        fail_msg("%s", err.message);
}

static void stage_end(struct stage *stage)
{
    sbom_folder_close(&stage->folder);
    printed_end(&stage->printed);
    tree_remove(&stage->tree);
}

static void expect(struct stage *stage, const char *relpath, const char *sha256, int64_t since_ms,
                   bool is_unplaced)
{
    auto_free char *path = xasprintf("%s/%s", stage->tree.path, relpath);
    const struct sbom_expected expected = {.path = path,
                                           .sha256 = sha256,
                                           .firmware_id = "fw-1",
                                           .format = "default",
                                           .since_ms = since_ms,
                                           .is_unplaced = is_unplaced};

    sbom_folder_check(&stage->folder, &expected);
}

/* What was told, with the folder's own path as DIR; caller frees. */
static char *told(struct stage *stage)
{
    const char *text = printed_text(&stage->printed);
    const char *path = stage->tree.path;
    char *out = xcalloc(strlen(text) + 1, 1);
    char *to = out;

    while (*text) {
        if (strncmp(text, path, strlen(path)) == 0) {
            to = stpncpy(to, "DIR", 3);
            text += strlen(path);
        } else {
            *to++ = *text++;
        }
    }
    return out;
}

static void assert_told(struct stage *stage, const char *why, const char *want)
{
    auto_free char *text = told(stage);

    if (strcmp(text, want) != 0)
        fail_msg("%s:\n%swant:\n%s", why, text, want);
}

static void each_file_is_held_against_its_digest(void **state)
{
    static const struct {
        const char *why;
        const char *relpath;
        const char *sha256;
        bool is_unplaced;
        const char *want;
    } rows[] = {
        {"it is as it should be", "a/one.json", ONE, false, ""},
        {"another byte is in it", "a/one.json", TWO, false,
         "changed     DIR/a/one.json  firmware fw-1, format default  expected " TWO ", found " ONE
         "\n"},
        {"it is not there", "a/two.json", TWO, false,
         "missing     DIR/a/two.json  firmware fw-1, format default  expected " TWO "\n"},
        {"nor is its folder", "b/two.json", TWO, false,
         "missing     DIR/b/two.json  firmware fw-1, format default  expected " TWO "\n"},
        {"it is still to be written", "a/two.json", TWO, true,
         "unplaced    DIR/a/two.json  firmware fw-1, format default  expected " TWO "\n"},
        {"the one before is still there", "a/one.json", TWO, true,
         "unplaced    DIR/a/one.json  firmware fw-1, format default  expected " TWO ", found " ONE
         "\n"},
        {"it was written, and the ledger does not know yet", "a/one.json", ONE, true, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct stage stage;

        stage_make(&stage);
        tree_dir(&stage.tree, "a");
        tree_file(&stage.tree, "a/one.json", "one\n");
        expect(&stage, rows[i].relpath, rows[i].sha256, 0, rows[i].is_unplaced);
        assert_told(&stage, rows[i].why, rows[i].want);
        assert_int_equal(stage.folder.files, 1);
        assert_int_equal(finding_total(&stage.findings), rows[i].want[0] != '\0');
        stage_end(&stage);
    }
}

static void a_link_is_not_followed_and_not_a_finding_of_a_digest(void **state)
{
    struct stage stage;

    (void)state;
    stage_make(&stage);
    tree_file(&stage.tree, "one.json", "one\n");
    tree_link(&stage.tree, "one.json", "link.json");
    tree_link(&stage.tree, ".", "round");
    expect(&stage, "one.json", ONE, 0, false);
    expect(&stage, "link.json", ONE, 0, false);
    assert_int_equal(stage.findings.counts[FINDING_UNREADABLE], 1);
    assert_int_equal(stage.folder.trouble.kind, ERR_INPUT);
    sbom_folder_walk(&stage.folder);
    assert_int_equal(stage.findings.counts[FINDING_EXTRA], 2);
    stage_end(&stage);
}

static void a_file_of_an_earlier_folder_is_looked_at_there(void **state)
{
    struct stage stage;
    struct tree before;

    (void)state;
    stage_make(&stage);
    tree_make(&before);
    tree_file(&before, "one.json", "one\n");
    auto_free char *path = xasprintf("%s/one.json", before.path);
    auto_free char *gone = xasprintf("%s/no/one.json", before.path);
    struct sbom_expected expected = {.path = path, .sha256 = ONE};
    sbom_folder_check(&stage.folder, &expected);
    assert_told(&stage, "it lies there", "");
    expected.sha256 = TWO;
    sbom_folder_check(&stage.folder, &expected);
    assert_int_equal(stage.findings.counts[FINDING_CHANGED], 1);
    expected.path = gone;
    sbom_folder_check(&stage.folder, &expected);
    assert_int_equal(stage.findings.counts[FINDING_MISSING], 1);
    assert_int_equal(finding_total(&stage.findings), 2);
    tree_remove(&before);
    stage_end(&stage);
}

static void only_what_nobody_knows_is_extra(void **state)
{
    struct stage stage;

    (void)state;
    stage_make(&stage);
    tree_dir(&stage.tree, "a");
    tree_dir(&stage.tree, "empty");
    tree_file(&stage.tree, "a/one.json", "one\n");
    tree_file(&stage.tree, "index.json", "[]");
    tree_file(&stage.tree, "index.csv", "");
    tree_file(&stage.tree, "SHA256SUMS", "");
    tree_file(&stage.tree, ".onekey-agent.0123456789abcdef.tmp", "");
    expect(&stage, "a/one.json", ONE, 0, false);
    sbom_folder_walk(&stage.folder);
    assert_told(&stage, "all of these are somebody's", "");

    tree_file(&stage.tree, "a/index.json", "");
    assert_int_equal(stage.findings.counts[FINDING_EXTRA], 0);
    sbom_folder_walk(&stage.folder);
    assert_told(&stage, "an index of a folder below is nobody's", "extra       DIR/a/index.json\n");
    tree_file(&stage.tree, "\x1b[2J\xff", "");
    sbom_folder_walk(&stage.folder);
    auto_free char *text = told(&stage);
    printed_wants("a name cannot move the cursor", text, "extra       DIR/\\x1b[2J\\xff\n");
    tree_socket(&stage.tree, "socket");
    sbom_folder_walk(&stage.folder);
    auto_free char *more = told(&stage);
    printed_wants("and no file at all", more, "extra       DIR/socket  is a socket");
    stage_end(&stage);
}

static void a_folder_that_is_not_there_is_an_empty_one(void **state)
{
    auto_printed struct printed printed;
    struct findings findings = {.out = &printed.out};
    const struct sbom_expected expected = {.path = "/nonexistent/sboms/a", .sha256 = ONE};
    struct sbom_folder folder;
    struct err err;

    (void)state;
    printed_begin(&printed);
    assert_true(sbom_folder_open("/nonexistent/sboms", &findings, &folder, &err));
    sbom_folder_walk(&folder);
    sbom_folder_check_sums(&folder);
    assert_int_equal(finding_total(&findings), 0);
    sbom_folder_close(&folder);
    assert_true(sbom_folder_open("/nonexistent/sboms", &findings, &folder, &err));
    sbom_folder_check(&folder, &expected);
    assert_int_equal(findings.counts[FINDING_MISSING], 1);
    sbom_folder_close(&folder);
}

/* ---- SHA256SUMS ---- */

static void write_sums(struct stage *stage, const char *text)
{
    const struct utimbuf times = {.actime = NOW, .modtime = NOW};
    auto_free char *path = xasprintf("%s/SHA256SUMS", stage->tree.path);

    tree_file(&stage->tree, "SHA256SUMS", text);
    assert_int_equal(utime(path, &times), 0);
}

static void the_sums_agree_with_the_ledger(void **state)
{
    static const struct {
        const char *why;
        int64_t since_ms; /* of two.json; that of one.json is NOW_MS - 1 */
        const char *sums;
        const char *want;
    } rows[] = {
        {"both are listed", NOW_MS - 1, ONE "  one.json\n" TWO "  two.json\n", ""},
        {"the last line has no end", NOW_MS - 1, TWO "  two.json\n" ONE "  one.json", ""},
        {"one is not", NOW_MS - 1, ONE "  one.json\n",
         "sums        DIR/SHA256SUMS  1 of the ledger's files have no line in it\n"},
        {"one has another digest", NOW_MS - 1, ONE "  one.json\n" ONE "  two.json\n",
         "sums        DIR/two.json  found " ONE
         "  SHA256SUMS has another digest than the ledger\n"},
        {"one is nobody's", NOW_MS - 1, ONE "  one.json\n" TWO "  two.json\n" ONE "  three.json\n",
         "sums        DIR/three.json  found " ONE
         "  stands in SHA256SUMS, but not in the ledger\n"},
        {"the ledger learnt of one later", NOW_MS + 1, ONE "  one.json\n", ""},
        {"the ledger has a later revision of one", NOW_MS + 1,
         ONE "  one.json\n" ONE "  two.json\n", ""},
        {"a byte of a digest flipped", NOW_MS + 1, TWO "  one.json\n",
         "sums        DIR/one.json  found " TWO
         "  SHA256SUMS has another digest than the ledger\n"},
        {"the indexes are as their lines say", NOW_MS + 1, ONE "  one.json\n" ONE "  index.json\n",
         ""},
        {"an index is another one", NOW_MS + 1, ONE "  one.json\n" TWO "  index.json\n",
         "sums        DIR/index.json  expected " TWO ", found " ONE
         "  differs from its line in SHA256SUMS\n"},
        {"an index is missing", NOW_MS + 1, ONE "  one.json\n" TWO "  index.csv\n",
         "sums        DIR/index.csv  expected " TWO "  is missing\n"},
        {"a line is cut", NOW_MS + 1, ONE "  one.json\n2c8b08\n",
         "sums        DIR/SHA256SUMS  a line of it is none of sha256sum's\n"},
        {"a line is empty", NOW_MS + 1, "\n" ONE "  one.json\n",
         "sums        DIR/SHA256SUMS  a line of it is empty\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct stage stage;

        stage_make(&stage);
        tree_file(&stage.tree, "one.json", "one\n");
        tree_file(&stage.tree, "two.json", "two\n");
        tree_file(&stage.tree, "index.json", "one\n");
        write_sums(&stage, rows[i].sums);
        expect(&stage, "one.json", ONE, NOW_MS - 1, false);
        expect(&stage, "two.json", TWO, rows[i].since_ms, false);
        sbom_folder_check_sums(&stage.folder);
        assert_told(&stage, rows[i].why, rows[i].want);
        stage_end(&stage);
    }
}

static void names_are_read_as_sha256sum_writes_them(void **state)
{
    struct stage stage;

    (void)state;
    stage_make(&stage);
    tree_file(&stage.tree, "a\nb\\c", "one\n");
    write_sums(&stage, "\\" ONE "  a\\nb\\\\c\n");
    expect(&stage, "a\nb\\c", ONE, NOW_MS - 1, false);
    sbom_folder_check_sums(&stage.folder);
    assert_told(&stage, "a line end and a backslash", "");
    stage_end(&stage);
}

static void a_line_without_an_end_does_not_fill_memory(void **state)
{
    enum { SIZE = 1 << 20 };
    auto_free char *text = xcalloc(SIZE, 1);
    struct stage stage;

    (void)state;
    memset(text, 'a', SIZE - 1);
    stage_make(&stage);
    write_sums(&stage, text);
    sbom_folder_check_sums(&stage.folder);
    assert_told(&stage, "one line, one finding",
                "sums        DIR/SHA256SUMS  a line of it is none of sha256sum's\n");
    stage_end(&stage);
}

static void without_any_export_there_are_no_sums_and_that_is_fine(void **state)
{
    struct stage stage;

    (void)state;
    stage_make(&stage);
    tree_file(&stage.tree, "one.json", "one\n");
    expect(&stage, "one.json", ONE, NOW_MS - 1, false);
    sbom_folder_check_sums(&stage.folder);
    assert_told(&stage, "no SHA256SUMS", "");
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_held_against_its_digest),
        cmocka_unit_test(a_link_is_not_followed_and_not_a_finding_of_a_digest),
        cmocka_unit_test(a_file_of_an_earlier_folder_is_looked_at_there),
        cmocka_unit_test(only_what_nobody_knows_is_extra),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_empty_one),
        cmocka_unit_test(the_sums_agree_with_the_ledger),
        cmocka_unit_test(names_are_read_as_sha256sum_writes_them),
        cmocka_unit_test(a_line_without_an_end_does_not_fill_memory),
        cmocka_unit_test(without_any_export_there_are_no_sums_and_that_is_fine),
    };

    return cmocka_run_group_tests_name("sbom_folder", tests, NULL, NULL);
}
