#include "test.h"

#include "base/auto.h"
#include "base/log.h"
#include "run/metrics.h"
#include "tree.h"

static bool has_line(const char *text, const char *line)
{
    size_t size = strlen(line);

    for (const char *at = strstr(text, line); at; at = strstr(at + 1, line)) {
        if ((at == text || at[-1] == '\n') && at[size] == '\n')
            return true;
    }
    return false;
}

static void every_number_is_told_in_base_units(void **state)
{
    const struct metrics_facts facts = {
        .counts = {[ITEM_PENDING] = 3, [ITEM_DONE] = INT64_C(5000000000)},
        .oldest_waiting_s = 90,
        .uploads = 7,
        .upload_bytes = INT64_C(123456789012),
        .sboms = 8,
        .auth_paused = true,
        .disk_low = true,
        .token_expires_s = 1800000000,
    };
    static const char *const lines[] = {
        "onekey_agent_queue_items{state=\"pending\"} 3",
        "onekey_agent_queue_items{state=\"done\"} 5000000000",
        "onekey_agent_queue_items{state=\"failed\"} 0", /* absent is not 0 */
        "onekey_agent_auth_paused 1",
        "onekey_agent_operator_paused 0",
        "onekey_agent_platform_up 0",
        "onekey_agent_disk_low 1",
        "onekey_agent_oldest_pending_age_seconds 90",
        "onekey_agent_uploads_total 7",
        "onekey_agent_upload_bytes_total 123456789012",
        "onekey_agent_sboms_stored_total 8",
        "onekey_agent_token_expiry_timestamp_seconds 1800000000",
    };
    auto_buf struct buf text = {0};

    (void)state;
    metrics_text(&facts, &text);
    assert_true(has_line(text.bytes, "onekey_agent_build_info{version=\"" AGENT_VERSION "\"} 1"));
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (!has_line(text.bytes, lines[i]))
            fail_msg("no line %s in\n%s", lines[i], text.bytes);
    }
}

/* The format's rule: each family once, HELP and TYPE before its first sample. */
static void each_family_is_introduced_once_before_its_samples(void **state)
{
    const struct metrics_facts facts = {.token_expires_s = 1};
    auto_buf struct buf text = {0};
    char family[128] = "";
    unsigned families = 0;
    unsigned samples = 0;

    (void)state;
    metrics_text(&facts, &text);
    assert_int_equal(text.bytes[text.size - 1], '\n');
    for (char *line = text.bytes, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (strncmp(line, "# HELP ", 7) == 0) {
            snprintf(family, sizeof family, "%.*s", (int)strcspn(line + 7, " "), line + 7);
            families++;
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_memory_equal(line + 7, family, strlen(family));
            const char *type = line + 8 + strlen(family);
            size_t size = strlen(family);
            bool is_total = size > 6 && strcmp(family + size - 6, "_total") == 0;
            assert_string_equal(type, is_total ? "counter" : "gauge");
        } else {
            assert_memory_equal(line, family, strlen(family));
            assert_true(line[strlen(family)] == ' ' || line[strlen(family)] == '{');
            samples++;
        }
    }
    assert_int_equal(families, 11);
    assert_int_equal(samples, families - 1 + ITEM_STATE_COUNT);
}

static void a_date_that_was_not_told_is_left_out(void **state)
{
    const struct metrics_facts facts = {0};
    auto_buf struct buf text = {0};

    (void)state;
    metrics_text(&facts, &text);
    assert_null(strstr(text.bytes, "token_expiry"));
}

/* ---- as a file ---- */

static void on_closed(void *owner)
{
    unsigned *closed = owner;

    (*closed)++;
}

static void the_file_is_written_whole(void **state)
{
    const struct metrics_facts facts = {.uploads = 7};
    struct tree tree;
    uv_loop_t loop;
    unsigned closed = 0;
    char path[128];
    struct stat seen;

    (void)state;
    tree_make(&tree);
    uv_loop_init(&loop);
    snprintf(path, sizeof path, "%s/agent.prom", tree.path);
    tree_file(&tree, "agent.prom", "what was there before");
    struct metrics *metrics = metrics_new(&loop, path);
    metrics_write(metrics, &facts);
    metrics_write(metrics, &facts); /* the first one is still being written */
    metrics_free(metrics, on_closed, &closed);
    assert_int_equal(closed, 0); /* ends what is under way */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
    auto_buf struct buf want = {0};
    metrics_text(&facts, &want);
    auto_buf struct buf have = {.max = 65536};
    struct err err;
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(buf_read_fd(&have, fd, &err));
    assert_string_equal(have.bytes, want.bytes);
    assert_int_equal(fstat(fd, &seen), 0);
    assert_int_equal(seen.st_mode & 0777, 0644); /* another user's collector reads it */
    assert_int_equal(uv_loop_close(&loop), 0);
    tree_remove(&tree);
}

static void a_folder_that_is_not_there_harms_nothing(void **state)
{
    const struct metrics_facts facts = {0};
    unsigned closed = 0;
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    struct metrics *metrics = metrics_new(&loop, "/nonexistent-folder/agent.prom");
    metrics_write(metrics, &facts);
    uv_run(&loop, UV_RUN_DEFAULT);
    metrics_write(metrics, &facts);
    uv_run(&loop, UV_RUN_DEFAULT);
    metrics_free(metrics, on_closed, &closed);
    assert_int_equal(closed, 1); /* nothing was under way */
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_told_in_base_units),
        cmocka_unit_test(each_family_is_introduced_once_before_its_samples),
        cmocka_unit_test(a_date_that_was_not_told_is_left_out),
        cmocka_unit_test(the_file_is_written_whole),
        cmocka_unit_test(a_folder_that_is_not_there_harms_nothing),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
