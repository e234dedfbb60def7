#include "test.h"

#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <uv.h>

#include "base/auto.h"
#include "base/mem.h"
#include "fault.h"
#include "flow/export_index.h"
#include "known_items.h"
#include "store/firmware_row.h"
#include "store/sbom.h"
#include "stored_fixture.h"
#include "tree.h"

/* The program's own definitions win over the C library's: a disk that is suddenly full. */
int fake_fsync(int fd) __asm__("fsync");
int fake_fchmod(int fd, mode_t mode) __asm__("fchmod");
int fake_renameat(int from_fd, const char *from, int to_fd, const char *to) __asm__("renameat");
ssize_t fake_write(int fd, const void *bytes, size_t size) __asm__("write");

static const char *const files[] = {"index.json", "index.csv", "SHA256SUMS"};

static char renamed[256]; /* what took its place, in order */
static int synced;        /* files that were, before the first one did */

static bool is_full(void)
{
    if (!fault_now())
        return false;
    errno = ENOSPC;
    return true;
}

static bool is_file(int fd)
{
    struct stat facts;

    return fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
}

int fake_fsync(int fd)
{
    synced += !renamed[0] && is_file(fd);
    return is_full() ? -1 : (int)syscall(SYS_fsync, fd);
}

int fake_fchmod(int fd, mode_t mode)
{
    return is_full() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int fake_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    size_t used = strlen(renamed);

    if (is_full())
        return -1;
    snprintf(renamed + used, sizeof renamed - used, "%s ", to);
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

/* The loop wakes itself by writing, too: that needs no room. */
ssize_t fake_write(int fd, const void *bytes, size_t size)
{
    return is_file(fd) && is_full() ? -1 : syscall(SYS_write, fd, bytes, size);
}

/* ---- the stage: tree/sboms is the folder ---- */

static struct tree tree;
static char folder[sizeof tree.path + 8];
static uv_loop_t loop;
static struct db *db;
static int fds;

static int set_up(void **state)
{
    (void)state;
    umask(022);
    fault_arm(-1);
    tree_make(&tree);
    tree_dir(&tree, "sboms");
    tree_file(&tree, "outside", "theirs");
    snprintf(folder, sizeof folder, "%s/sboms", tree.path);
    uv_loop_init(&loop);
    db = known_ledger();
    fds = tree_count_fds();
    return 0;
}

static int tear_down(void **state)
{
    int left = tree_count_fds();

    (void)state;
    assert_int_equal(uv_loop_close(&loop), 0);
    db_close(db);
    tree_remove(&tree);
    return left == fds ? 0 : -1; // a descriptor was left open
}

/* A document of a firmware; file is absolute. Its bytes are the firmware's ID. */
static void add_sbom(const char *firmware_id, const char *format, int64_t revision,
                     const char *file)
{
    struct sbom_row row = {.revision = revision, .components = 12};
    char sha256[DIGEST_HEX_SIZE];
    struct err err;

    int64_t document_id =
        keep_bytes(db, (const unsigned char *)firmware_id, strlen(firmware_id), sha256);
    snprintf(row.format, sizeof row.format, "%s", format);
    snprintf(row.kind, sizeof row.kind, "cyclonedx-json");
    snprintf(row.spec_version, sizeof row.spec_version, "1.6");
    snprintf(row.content_id, sizeof row.content_id, "%s", sha256);
    snprintf(row.component_id, sizeof row.component_id, "%s", sha256);
    snprintf(row.file, sizeof row.file, "%s", file);
    row.fetched_at = row.checked_at = KNOWN_NOW_MS + revision;
    if (!sbom_add(db, firmware_id, &row, document_id, &err))
        fail_msg("%s", err.message);
}

/* The same, where it belongs: below the folder, with the file there. */
static void add_placed(const char *firmware_id, const char *format, const char *relpath)
{
    auto_free char *file = xasprintf("%s/%s", folder, relpath);
    auto_free char *below = xasprintf("sboms/%s", relpath);

    add_sbom(firmware_id, format, 1, file);
    tree_file(&tree, below, firmware_id);
}

static void add_firmware(const char *id, const char *name, const char *product)
{
    struct firmware_row firmware = {.seen_at = KNOWN_NOW_MS};
    struct err err;

    text_replace(&firmware.id, id);
    text_replace(&firmware.name, name);
    text_replace(&firmware.product, product);
    if (!firmware_row_see(db, &firmware, &err))
        fail_msg("%s", err.message);
    firmware_row_release(&firmware);
}

struct ending {
    int calls;
    bool is_in_call; /* while export_index_start() or cancel() has not returned */
    bool was_in_call;
    struct export_index_result result;
    struct err err; /* ERR_OK: it went well */
};

static void on_done(void *owner, const struct export_index_result *result, const struct err *err)
{
    struct ending *ending = owner;

    assert_int_equal(result != NULL, err == NULL);
    ending->calls++;
    ending->was_in_call |= ending->is_in_call;
    ending->err = err ? *err : (struct err){.kind = ERR_OK};
    if (result)
        ending->result = *result;
}

static struct op *start_in(const char *directory, struct ending *ending)
{
    const struct export_index_options options = {
        .loop = &loop,
        .db = db,
        .directory = directory,
        .file_mode = 0640,
    };

    *ending = (struct ending){.is_in_call = true};
    struct op *op = export_index_start(&options, on_done, ending);
    ending->is_in_call = false;
    return op;
}

static struct ending run_in(const char *directory)
{
    struct ending ending;

    renamed[0] = '\0';
    synced = 0;
    start_in(directory, &ending);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ending.calls, 1);
    assert_false(ending.was_in_call);
    return ending;
}

static struct export_index_result run(void)
{
    struct ending ending = run_in(folder);

    if (ending.err.kind != ERR_OK)
        fail_msg("%s", ending.err.message);
    return ending.result;
}

/* A whole file of the folder; caller frees. */
static char *content_of(const char *name)
{
    auto_free char *path = xasprintf("%s/%s", folder, name);
    auto_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct buf text = {.max = 64 << 20};
    struct err err;

    tree_ok(fd, path);
    assert_true(buf_read_fd(&text, fd, &err));
    return text.bytes;
}

static struct stat facts_of(const char *name)
{
    auto_free char *path = xasprintf("%s/%s", folder, name);
    struct stat facts;

    tree_ok(lstat(path, &facts), path);
    return facts;
}

/* Runs sha256sum in the folder, its output into a file beside it; its exit code. */
static int run_sha256sum(const char *const *args)
{
    auto_free char *out = xasprintf("%s/out", tree.path);
    posix_spawn_file_actions_t actions;
    char *argv[8] = {xstrdup("sha256sum")};
    pid_t pid;
    int status = 0;

    for (size_t i = 0; args[i]; i++)
        argv[i + 1] = xstrdup(args[i]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    assert_int_equal(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; argv[i]; i++)
        free(argv[i]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int check_sums(void)
{
    static const char *const args[] = {"--check", "--strict", "--status", "SHA256SUMS", NULL};

    return run_sha256sum(args);
}

/* The value of a field of a row of index.json. */
static const char *text_at(json_t *rows, size_t row, const char *field)
{
    return json_string_value(json_object_get(json_array_get(rows, row), field));
}

static json_t *parsed_index(void)
{
    auto_free char *text = content_of("index.json");
    json_t *rows = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    assert_true(json_is_array(rows));
    return rows;
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; (text = strchr(text, '\n')); text++)
        count++;
    return count;
}

/* ---- what it writes ---- */

static void an_empty_folder_has_an_index_too(void **state)
{
    auto_free char *deep = xasprintf("%s/not/there/yet", folder);

    (void)state;
    struct export_index_result result = run();
    assert_int_equal(result.rows, 0);
    assert_int_equal(result.written, 3);
    auto_free char *json = content_of("index.json");
    auto_free char *csv = content_of("index.csv");
    auto_free char *sums = content_of("SHA256SUMS");
    assert_string_equal(json, "[\n]\n");
    assert_int_equal(count_lines(csv), 1);
    assert_int_equal(count_lines(sums), 2);
    assert_int_equal(check_sums(), 0);
    assert_int_equal(run_in(deep).err.kind, ERR_OK);
}

static void rows_are_sorted_and_joined_with_the_firmware(void **state)
{
    (void)state;
    add_placed("fw-2", "default", "b.json");
    add_placed("fw-1", "spdx", "a.spdx.json");
    add_placed("fw-1", "default", "a.json");
    add_firmware("fw-1", "Acme-R1", "R1");
    assert_int_equal(run().rows, 3);
    auto_json json_t *rows = parsed_index();
    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(text_at(rows, 0, "firmware_id"), "fw-1");
    assert_string_equal(text_at(rows, 0, "format"), "default");
    assert_string_equal(text_at(rows, 0, "file"), "a.json");
    assert_string_equal(text_at(rows, 0, "product"), "R1");
    assert_string_equal(text_at(rows, 1, "format"), "spdx");
    assert_string_equal(text_at(rows, 1, "name"), "Acme-R1");
    assert_string_equal(text_at(rows, 2, "firmware_id"), "fw-2");
    assert_null(text_at(rows, 2, "product"));
    auto_free char *json = content_of("index.json");
    assert_int_equal(count_lines(json), 5); /* a row is a line, and the brackets */
    auto_free char *csv = content_of("index.csv");
    assert_int_equal(count_lines(csv), 4);
    assert_non_null(strstr(csv, "\r\nfw-1,Acme-R1,,R1,,,default,cyclonedx-json,1.6,a.json,"));
    assert_int_equal(facts_of("index.csv").st_mode & 07777, 0640);
    assert_string_equal(renamed, "index.json index.csv SHA256SUMS ");
    assert_true(synced >= 3); /* all are on the disk before the first one appears */
}

static void only_the_latest_revision_below_the_folder_is_listed(void **state)
{
    (void)state;
    auto_free char *beside = xasprintf("%s/sboms-old/x.json", tree.path);
    auto_free char *twice = xasprintf("%s//c.json", folder);
    auto_free char *slashed = xasprintf("%s//", folder);
    add_placed("fw-1", "default", "a.json");
    add_sbom("fw-2", "default", 1, beside);
    add_sbom("fw-3", "default", 1, "/srv/old/sboms/x.json");
    add_sbom("fw-4", "default", 1, folder);
    add_sbom("fw-5", "default", 1, twice);
    tree_file(&tree, "sboms/c.json", "fw-5");
    auto_free char *again = xasprintf("%s/a.json", folder);
    add_sbom("fw-1", "default", 2, again);
    assert_int_equal(run_in(slashed).result.rows, 2);
    auto_json json_t *rows = parsed_index();
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "revision")), 2);
    assert_string_equal(text_at(rows, 1, "file"), "c.json");
    auto_free char *csv = content_of("index.csv");
    auto_free char *sums = content_of("SHA256SUMS");
    assert_int_equal(count_lines(csv), 3);
    assert_int_equal(count_lines(sums), 4);
    assert_int_equal(check_sums(), 0);
}

static void sha256sum_proves_the_folder(void **state)
{
    static const char *const names[] = {
        "a.json",    "with blank.json",  "*star",     "-dash",     "\xc3\xa4.json",
        "a\xff\xfe", "back\\slash.json", "new\nline", "return\rx", "\\\n\\",
    };
    static const char *const flipped[] = {"a.json", "index.csv", "index.json"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        auto_free char *id = xasprintf("fw-%zu", i);

        add_placed(id, "default", names[i]);
    }
    run();
    assert_int_equal(check_sums(), 0);
    /* Each line as the tool itself writes it. */
    auto_free char *sums = content_of("SHA256SUMS");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *const args[] = {"--", names[i], NULL};

        assert_int_equal(run_sha256sum(args), 0);
        auto_free char *line = content_of("../out");
        if (!strstr(sums, line))
            fail_msg("not in SHA256SUMS: %s", line);
    }
    for (size_t i = 0; i < COUNT_OF(flipped); i++) {
        auto_free char *path = xasprintf("sboms/%s", flipped[i]);

        run();
        assert_int_equal(check_sums(), 0);
        tree_file(&tree, path, "fw-X");
        assert_int_equal(check_sums(), 1);
        tree_file(&tree, "sboms/a.json", "fw-0");
    }
}

static void a_vanished_firmware_is_told_with_its_time(void **state)
{
    struct err err;

    (void)state;
    add_placed("fw-1", "default", "a.json");
    add_firmware("fw-1", "Acme-R1", "R1");
    run();
    assert_true(firmware_row_mark_missing(db, KNOWN_NOW_MS + 1, KNOWN_NOW_MS, &err));
    assert_int_equal(run().written, 3);
    auto_json json_t *rows = parsed_index();
    assert_string_equal(text_at(rows, 0, "vanished_at"), "2026-05-28T20:26:40.000Z");
}

/* ---- what it leaves alone ---- */

static void an_unchanged_folder_is_not_touched(void **state)
{
    struct stat before[COUNT_OF(files)];

    (void)state;
    add_placed("fw-1", "default", "a.json");
    run();
    for (size_t i = 0; i < COUNT_OF(files); i++)
        before[i] = facts_of(files[i]);
    assert_int_equal(run().written, 0);
    assert_string_equal(renamed, "");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct stat now = facts_of(files[i]);

        assert_int_equal(now.st_ino, before[i].st_ino);
        assert_memory_equal(&now.st_mtim, &before[i].st_mtim, sizeof now.st_mtim);
        assert_memory_equal(&now.st_ctim, &before[i].st_ctim, sizeof now.st_ctim);
    }
    /* One that somebody changed or removed is written again, the others are not. */
    tree_file(&tree, "sboms/index.csv", "mine");
    assert_int_equal(run().written, 1);
    assert_string_equal(renamed, "index.csv ");
    tree_ok(unlinkat(tree.fd, "sboms/SHA256SUMS", 0), "unlink");
    assert_int_equal(run().written, 1);
    assert_string_equal(renamed, "SHA256SUMS ");
    assert_int_equal(check_sums(), 0);
}

static void a_link_in_the_place_of_an_index_is_replaced_not_followed(void **state)
{
    (void)state;
    run();
    tree_move(&tree, "sboms/index.json", "same");
    tree_link(&tree, "../same", "sboms/index.json"); /* with the very same bytes */
    tree_move(&tree, "sboms/index.csv", "gone");
    tree_link(&tree, "../outside", "sboms/index.csv");
    tree_ok(unlinkat(tree.fd, "sboms/SHA256SUMS", 0), "unlink");
    tree_ok(mkfifoat(tree.fd, "sboms/SHA256SUMS", 0600), "mkfifo");
    assert_int_equal(run().written, 3);
    for (size_t i = 0; i < COUNT_OF(files); i++)
        assert_true(S_ISREG(facts_of(files[i]).st_mode));
    auto_free char *theirs = content_of("../outside");
    assert_string_equal(theirs, "theirs");
}

static void a_folder_in_the_place_of_an_index_is_told(void **state)
{
    (void)state;
    tree_dir(&tree, "sboms/index.csv");
    struct ending ending = run_in(folder);
    assert_int_equal(ending.err.kind, ERR_IO);
    assert_non_null(strstr(ending.err.message, "index.csv"));
}

static size_t count_entries(void)
{
    DIR *dir = opendir(folder);
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

/* Is a file of the folder byte for byte what it was? */
static bool is_still(const char *name, const char *text)
{
    auto_free char *now = content_of(name);

    return strcmp(now, text) == 0;
}

static void a_full_disk_leaves_whole_files(void **state)
{
    char *old[COUNT_OF(files)];
    int nth = 0;

    (void)state;
    add_placed("fw-1", "default", "a.json");
    run();
    for (size_t i = 0; i < COUNT_OF(files); i++)
        old[i] = content_of(files[i]);
    add_placed("fw-2", "default", "b.json");
    for (;; nth++) {
        fault_arm(nth);
        struct ending ending = run_in(folder);
        bool struck = fault_struck;
        fault_arm(-1);
        if (!struck) {
            assert_int_equal(ending.err.kind, ERR_OK);
            break;
        }
        if (ending.err.kind != ERR_DISK_FULL)
            fail_msg("call %d failed unseen: %s", nth, ending.err.message);
        assert_int_equal(count_entries(), 5); /* no temporary file */
        for (size_t i = 0; i < COUNT_OF(files); i++) {
            if (!strstr(renamed, files[i]) && !is_still(files[i], old[i]))
                fail_msg("call %d: %s was changed", nth, files[i]);
        }
        if (!renamed[0])
            continue;
        /* Once the first is in its place, the next run ends what is left. */
        assert_int_equal(run_in(folder).err.kind, ERR_OK);
        assert_int_equal(check_sums(), 0);
        for (size_t i = 0; i < COUNT_OF(files); i++) {
            auto_free char *path = xasprintf("sboms/%s", files[i]);

            tree_file(&tree, path, old[i]);
        }
    }
    assert_true(nth >= 12); /* three files are written, synced, given a mode, renamed */
    for (size_t i = 0; i < COUNT_OF(files); i++)
        free(old[i]);
}

static void it_can_be_cancelled_in_any_turn(void **state)
{
    int cancelled = 0;

    (void)state;
    for (int i = 0; i < 450; i++) {
        auto_free char *id = xasprintf("fw-%03d", i);
        auto_free char *file = xasprintf("%s/%s.json", folder, id);

        add_sbom(id, "default", 1, file);
    }
    for (int turns = 0;; turns++) {
        struct ending ending;
        struct op *op = start_in(folder, &ending);

        for (int turn = 0; turn < turns && ending.calls == 0; turn++)
            uv_run(&loop, UV_RUN_ONCE);
        if (ending.calls == 1) {
            assert_int_equal(ending.err.kind, ERR_OK);
            break;
        }
        ending.is_in_call = true;
        op->cancel(op);
        op->cancel(op);
        ending.is_in_call = false;
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(ending.calls, 1);
        assert_false(ending.was_in_call);
        assert_int_equal(ending.err.kind, ERR_CANCELLED);
        assert_true(count_entries() == 0 || count_entries() == 3); /* no temporary file */
        cancelled++;
    }
    assert_true(cancelled >= 3); /* a turn a page of 200 rows, at least */
    assert_int_equal(count_entries(), 3);
}

/* ---- a large tenant ---- */

static size_t memory_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* What an export of that many rows takes at most, beside the ledger itself. */
static size_t most_memory(int rows, int64_t *listed)
{
    struct ending ending;
    size_t most = 0;

    for (int i = 0; i < rows; i++) {
        auto_free char *id = xasprintf("0f4cdd29-6d55-4d7f-a1e8-%012d", i);
        auto_free char *file = xasprintf("%s/Router/%d/%s.cdx.json", folder, i, id);

        add_sbom(id, "default", 1, file);
        add_firmware(id, "Acme-Router", "Router");
    }
    size_t before = memory_in_use();
    start_in(folder, &ending);
    while (ending.calls == 0) {
        uv_run(&loop, UV_RUN_ONCE);
        if (ending.calls == 0 && memory_in_use() > most)
            most = memory_in_use();
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ending.err.kind, ERR_OK);
    *listed = ending.result.rows;
    return most > before ? most - before : 0;
}

static void memory_does_not_grow_with_the_tenant(void **state)
{
    int64_t few = 0;
    int64_t many = 0;

    (void)state;
    size_t most_few = most_memory(400, &few);
    db_close(db);
    db = known_ledger();
    size_t most_many = most_memory(5000, &many);
    assert_int_equal(few, 400);
    assert_int_equal(many, 5000);
    assert_true(facts_of("index.json").st_size > 1000000);
    assert_in_range(most_many, 0, most_few + 262144);
    auto_json json_t *rows = parsed_index();
    assert_int_equal(json_array_size(rows), 5000);
    for (size_t i = 1; i < 5000; i++)
        assert_true(strcmp(text_at(rows, i - 1, "firmware_id"), text_at(rows, i, "firmware_id")) <
                    0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_folder_has_an_index_too),
        TEST(rows_are_sorted_and_joined_with_the_firmware),
        TEST(only_the_latest_revision_below_the_folder_is_listed),
        TEST(sha256sum_proves_the_folder),
        TEST(a_vanished_firmware_is_told_with_its_time),
        TEST(an_unchanged_folder_is_not_touched),
        TEST(a_link_in_the_place_of_an_index_is_replaced_not_followed),
        TEST(a_folder_in_the_place_of_an_index_is_told),
        TEST(a_full_disk_leaves_whole_files),
        TEST(it_can_be_cancelled_in_any_turn),
        TEST(memory_does_not_grow_with_the_tenant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
