#include "test.h"

#include "cli/item_text.h"
#include "cli/status_text.h"
#include "printed.h"

static const char done_row[] =
    "{\"path\":\"/srv/fw.bin\",\"watch\":\"release\",\"sha256\":\"ab12\",\"size\":12897484,"
    "\"state\":\"done\",\"firmware_id\":\"3f5a9c01-0000-4000-8000-000000000001\",\"attempts\":0,"
    "\"error\":\"it was slow\",\"found_at\":\"2026-11-23T14:44:00.123Z\",\"done_at\":null,"
    "\"aliases\":[\"/srv/a\",\"/srv/b\"],\"current\":true,"
    "\"sboms\":[{\"format\":\"default\",\"kind\":\"cyclonedx\",\"spec_version\":\"1.6\","
    "\"components\":412,\"file\":\"/sboms/x.cdx.json\",\"fetched_at\":\"2026-11-23T15:00:00Z\"}]}";

static const char failed_row[] =
    "{\"path\":\"/srv/bad\\u001b[2J.bin\",\"size\":10,\"state\":\"failed\",\"firmware_id\":null,"
    "\"error\":\"platform says: no\\nfake line\",\"found_at\":null}";

static void the_list_has_a_head_and_a_line_per_item(void **state)
{
    auto_printed struct printed printed;
    auto_json json_t *done = printed_json(done_row);
    auto_json json_t *failed = printed_json(failed_row);

    (void)state;
    printed_begin(&printed);
    item_text_line(&printed.out, done);
    item_text_line(&printed.out, failed);
    assert_string_equal(
        printed_text(&printed),
        "STATE              SIZE  FOUND                 FIRMWARE ID                           "
        "PATH\n"
        "done           12.3 MiB  2026-11-23 14:44:00Z  3f5a9c01-0000-4000-8000-000000000001  "
        "/srv/fw.bin\n"
        "failed             10 B  -                     -                                     "
        "/srv/bad\\x1b[2J.bin\n"
        "             platform says: no\\x0afake line\n");
}

static void an_item_is_told_whole(void **state)
{
    auto_printed struct printed printed;
    auto_json json_t *done = printed_json(done_row);

    (void)state;
    printed_begin(&printed);
    item_text_whole(&printed.out, done);
    const char *text = printed_text(&printed);
    printed_wants("a text", text, "watch                   release\n");
    printed_wants("a size, exact too", text, "size                    12897484 (12.3 MiB)\n");
    printed_wants("a time", text, "found_at                2026-11-23 14:44:00Z\n");
    printed_wants("a flag", text, "current                 yes\n");
    printed_wants("a number", text, "attempts                0\n");
    printed_wants("a list", text,
                  "aliases                 /srv/a\n                        /srv/b\n");
    printed_wants("an SBOM", text,
                  "default cyclonedx 1.6, 412 components, fetched 2026-11-23 15:00:00Z, "
                  "/sboms/x.cdx.json\n");
    printed_lacks("what is not set", text, "done_at");
}

static void items_are_parted_by_an_empty_line(void **state)
{
    auto_printed struct printed printed;
    auto_json json_t *row = printed_json("{\"state\":\"gone\"}");

    (void)state;
    printed_begin(&printed);
    item_text_whole(&printed.out, row);
    item_text_whole(&printed.out, row);
    assert_string_equal(printed_text(&printed),
                        "state                   gone\n\nstate                   gone\n");
}

/* ---- status ---- */

static void status_of(struct printed *printed, const char *text)
{
    auto_json json_t *row = printed_json(text);

    printed_begin(printed);
    status_text(&printed->out, row);
}

static void a_stopped_agent_is_two_lines(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    status_of(&printed, "{\"version\":\"0.1.0\",\"state\":\"stopped\",\"pauses\":[],\"token\":"
                        "{\"tenant\":null,\"fingerprint\":null},\"items\":{\"done\":0},"
                        "\"oldest_pending_seconds\":null,\"transfers\":[],\"watches\":[],"
                        "\"attention\":{\"failed\":0},\"alerts\":[],\"alerts_more\":false}");
    assert_string_equal(printed_text(&printed), "onekey-agent 0.1.0: stopped\n"
                                                "items       none\n");
}

static void a_busy_agent_tells_what_needs_attention(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    status_of(
        &printed,
        "{\"version\":\"0.1.0\",\"state\":\"auth_paused\",\"pauses\":["
        "{\"kind\":\"operator\",\"reason\":\"line\\u0007 down\",\"since\":\"2026-11-23T14:44:00Z\","
        "\"by\":\"eva\"},{\"kind\":\"auth\",\"reason\":\"expired or deleted\",\"since\":"
        "\"2026-11-23T14:45:00Z\",\"by\":\"agent\"}],"
        "\"token\":{\"tenant\":\"Acme\",\"email\":\"ci@acme.example\",\"fingerprint\":\"9c7b9d1c\","
        "\"expires\":\"2027-03-01T00:00:00.000Z\"},"
        "\"items\":{\"pending\":12,\"done\":3,\"failed\":1,\"held\":0},"
        "\"oldest_pending_seconds\":240,"
        "\"transfers\":[{\"path\":\"/srv/fw.bin\",\"direction\":\"up\",\"bytes_done\":1048576,"
        "\"bytes_total\":2097152,\"rate\":1048576}],"
        "\"watches\":[{\"name\":\"release\",\"path\":\"/srv\",\"mode\":\"poll\",\"directories\":12,"
        "\"degraded\":\"no inotify watches left\"}],"
        "\"held_groups\":[{\"product_group\":\"Secret\",\"reason\":\"no upload right\"}],"
        "\"attention\":{\"failed\":1,\"overdue\":2},"
        "\"alerts\":[{\"event\":\"auth_paused\",\"subject\":\"\",\"since\":\"2026-11-23T14:45:"
        "00Z\","
        "\"text\":\"the token is refused\",\"action\":\"make a new one\"}],\"alerts_more\":true}");
    assert_string_equal(
        printed_text(&printed),
        "onekey-agent 0.1.0: auth_paused\n"
        "token       Acme, ci@acme.example, fingerprint 9c7b9d1c, expires 2027-03-01 00:00:00Z\n"
        "paused      by eva, since 2026-11-23 14:44:00Z: line\\x07 down\n"
        "paused      the token is refused, since 2026-11-23 14:45:00Z: expired or deleted\n"
        "items       12 pending, 3 done, 1 failed\n"
        "waiting     the oldest for 4 min\n"
        "transfers   up    50%  1.0 MiB of 2.0 MiB  1.0 MiB/s  1 s  /srv/fw.bin\n"
        "watches     release  /srv  poll, 12 directories, degraded: no inotify watches left\n"
        "held        product group Secret: no upload right\n"
        "attention   1 failed, 2 overdue\n"
        "alerts      auth_paused, since 2026-11-23 14:45:00Z: the token is refused\n"
        "              make a new one\n"
        "            and more\n");
}

/* Fields are only ever added: an older daemon has fewer. */
static void fields_that_are_missing_are_left_out(void **state)
{
    auto_printed struct printed printed;

    (void)state;
    status_of(&printed, "{\"state\":\"running\"}");
    assert_string_equal(printed_text(&printed), ": running\nitems       none\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_has_a_head_and_a_line_per_item),
        cmocka_unit_test(an_item_is_told_whole),
        cmocka_unit_test(items_are_parted_by_an_empty_line),
        cmocka_unit_test(a_stopped_agent_is_two_lines),
        cmocka_unit_test(a_busy_agent_tells_what_needs_attention),
        cmocka_unit_test(fields_that_are_missing_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
