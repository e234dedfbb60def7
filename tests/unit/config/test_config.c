#include "test.h"

#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/loaded.h"

static void every_type_takes_what_it_says(void **state)
{
    static const struct {
        const char *why;
        const char *text; /* behind "version: 1\n" */
        const char *path;
        const char *want; /* JSON */
    } rows[] = {
        {"a URL", "api: {url: 'https://o.corp:8443/api'}", "api.url",
         "\"https://o.corp:8443/api\""},
        {"one slash at the end is cut", "api: {url: 'https://o.corp/api/'}", "api.url",
         "\"https://o.corp/api\""},
        {"a text", "api: {tenant: Acme Corp}", "api.tenant", "\"Acme Corp\""},
        {"a text that looks like a number is a text", "api: {tenant: 007}", "api.tenant",
         "\"007\""},
        {"a text that YAML 1.1 takes for a boolean", "api: {tenant: no}", "api.tenant", "\"no\""},
        {"UTF-8", "api: {tenant: Fl\xc3\xbcgel}", "api.tenant", "\"Fl\xc3\xbcgel\""},
        {"a date", "api: {token_expires: 2028-02-29}", "api.token_expires", "\"2028-02-29\""},
        {"a path", "api: {token_file: /etc/token}", "api.token_file", "\"/etc/token\""},
        {"a path is cleaned", "api: {ca_file: //etc/./ssl//c.pem/}", "api.ca_file",
         "\"/etc/ssl/c.pem\""},
        {"the root", "metrics: {textfile: //}", "metrics.textfile", "\"/\""},
        {"a name that only begins with dots", "api: {ca_file: /etc/..x/...}", "api.ca_file",
         "\"/etc/..x/...\""},
        {"a list of texts", "api: {no_proxy: [.corp, 10.0.0.1]}", "api.no_proxy",
         "[\".corp\",\"10.0.0.1\"]"},
        {"an empty list", "api: {no_proxy: []}", "api.no_proxy", "[]"},
        {"a duration", "api: {stall_timeout: 500ms}", "api.stall_timeout", "\"500ms\""},
        {"a duration in quotes", "api: {stall_timeout: \"5s\"}", "api.stall_timeout", "\"5s\""},
        {"the least", "api: {stall_timeout: 100ms}", "api.stall_timeout", "\"100ms\""},
        {"the most", "api: {stall_timeout: 60m}", "api.stall_timeout", "\"1h\""},
        {"a count", "transfers: {uploads: 64}", "transfers.uploads", "64"},
        {"no limit", "api: {requests_per_second: 0}", "api.requests_per_second", "0"},
        {"a rate", "transfers: {bandwidth: 10MiB}", "transfers.bandwidth", "\"10MiB\""},
        {"no rate, said so", "transfers: {bandwidth: none}", "transfers.bandwidth", "\"none\""},
        {"no limit, said so", "transfers: {limit_unanalysed: none}", "transfers.limit_unanalysed",
         "\"none\""},
        {"deep sections", "transfers: {retry: {base: 2s, cap: 1h}}", "transfers.retry.base",
         "\"2s\""},
        {"a boolean", "analysis: {wait: false}", "analysis.wait", "false"},
        {"a word", "log: {level: debug}", "log.level", "\"debug\""},
        {"a file mode", "sbom: {file_mode: 0640}", "sbom.file_mode", "\"0640\""},
        {"a file mode without its zero", "sbom: {file_mode: 600}", "sbom.file_mode", "\"0600\""},
        {"no grace", "shutdown_grace: 0s", "shutdown_grace", "\"0s\""},
        {"a section of comments", "api:\n  # url: x", "api.connect_timeout", "\"15s\""},
        {"a list of comments", "watch:\n  # - name: x", "watch", "[]"},
        {"words of an enum's end", "watch: [{name: a, path: /a, existing: adopt}]",
         "watch[0].existing", "\"adopt\""},
        {"the second element", "watch: [{name: a, path: /a}, {name: b, path: /b, settle: 0s}]",
         "watch[1].settle", "\"0s\""},
        {"each element has the defaults", "watch: [{name: a, path: /a}, {name: b, path: /b}]",
         "watch[1].include", "[\"**/*\"]"},
        {"a section of an element", "watch: [{name: a, path: /a, attach_sbom: {path: '{dir}/s'}}]",
         "watch[0].attach_sbom.path", "\"{dir}/s\""},
        {"one more SBOM format", "sbom: {formats: [{name: a}, {name: s, query: 'f=x'}]}",
         "sbom.formats[1].query", "\"f=x\""},
        {"all events", "alerts: {targets: [{on: all, command: [/n]}]}", "alerts.targets[0].on",
         "\"all\""},
        {"no events named means all", "alerts: {targets: [{command: [/n]}]}",
         "alerts.targets[0].on", "\"all\""},
        {"a budget", "transfers: {budget: 50GiB/day}", "transfers.budget", "\"50GiB/day\""},
        {"no budget, said so", "transfers: {budget: none}", "transfers.budget", "\"none\""},
        {"a share", "sbom: {min_components_ratio: 0.250}", "sbom.min_components_ratio", "\"0.25\""},
        {"every revision", "sbom: {keep: all}", "sbom.keep", "\"all\""},
        {"so many revisions", "sbom: {keep: 30}", "sbom.keep", "\"30\""},
        {"revisions of so many years", "sbom: {keep: 10y}", "sbom.keep", "\"10y\""},
        {"some events", "alerts: {targets: [{on: [disk_low, auth_paused], command: [/n]}]}",
         "alerts.targets[0].on", "[\"auth_paused\",\"disk_low\"]"},
        {"one event without brackets", "alerts: {targets: [{on: disk_low, command: [/n]}]}",
         "alerts.targets[0].on", "[\"disk_low\"]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_loaded struct loaded loaded = loaded_text(text);

        loaded_expect_value(rows[i].why, &loaded, rows[i].path, rows[i].want);
    }
}

static void every_type_refuses_the_rest_with_place_and_remedy(void **state)
{
    static const struct {
        const char *why;
        const char *text; /* behind "version: 1\n" */
        const char *want; /* behind "c.yaml:2:" */
    } rows[] = {
        {"no unit", "api: {stall_timeout: 60}",
         "22: api.stall_timeout: \"60\" is no duration; write a whole number and ms, s, m, h or d, "
         "as in 90s"},
        {"too short", "api: {stall_timeout: 99ms}",
         "22: api.stall_timeout: 99ms is out of range; write 100ms to 1h"},
        {"too many", "transfers: {uploads: 65}",
         "22: transfers.uploads: 65 is out of range; write 1 to 64"},
        {"none where there is always one", "transfers: {uploads: none}",
         "22: transfers.uploads: \"none\" is no count; write a whole number, as in 20"},
        {"a quoted number", "transfers: {uploads: '4'}",
         "22: transfers.uploads: a quoted text is no number; write it without quotes"},
        {"octal to YAML 1.1", "transfers: {uploads: 010}",
         "22: transfers.uploads: \"010\" is no count; write a whole number, as in 20"},
        {"zero is not none", "transfers: {limit_unanalysed: 0}",
         "31: transfers.limit_unanalysed: 0 is out of range; write 1 to 1000000"},
        {"a rate below its range", "transfers: {bandwidth: 1}",
         "24: transfers.bandwidth: 1B is out of range; write 1KiB to 1TiB"},
        {"a day that is not named", "transfers: {budget: 50GiB}",
         "21: transfers.budget: \"50GiB\" is no budget; write a size a day, as in 50GiB/day"},
        {"a budget that no image fits", "transfers: {budget: 1B/day}",
         "21: transfers.budget: 1B/day is out of range; write 1KiB/day to 1024TiB/day"},
        {"a share in percent", "sbom: {min_components_ratio: 50%}",
         "30: sbom.min_components_ratio: \"50%\" is no share; write 0 to 1 with at most three "
         "decimals, as in 0.5"},
        {"a quoted share", "sbom: {min_components_ratio: '0.5'}",
         "30: sbom.min_components_ratio: a quoted text is no number; write it without quotes"},
        {"a unit of time that is none", "sbom: {keep: 4w}",
         "14: sbom.keep: \"4w\" is not accepted; write all, 1 to 1000000 (revisions), 1d to "
         "36500d or 1y to 100y"},
        {"keeping several ways", "sbom: {keep: [30, 10y]}",
         "14: sbom.keep: a list is not accepted; write a single value"},
        {"a mapping for a rate or a timetable", "transfers: {bandwidth: {rate: 2MiB}}",
         "24: transfers.bandwidth: a mapping is not accepted; write a single value or a list"},
        {"YAML 1.1's other booleans", "analysis: {wait: yes}",
         "18: analysis.wait: \"yes\" is not accepted; write true or false"},
        {"a quoted boolean", "analysis: {wait: \"true\"}",
         "18: analysis.wait: a quoted text is no true or false; write it without quotes"},
        {"capitals", "analysis: {wait: True}",
         "18: analysis.wait: \"True\" is not accepted; write true or false"},
        {"an unknown word", "log: {level: verbose}",
         "14: log.level: \"verbose\" is not accepted; write alert, error, warn, info or debug"},
        {"a relative path", "api: {token_file: token}",
         "19: api.token_file: \"token\" is no absolute path; start it with /"},
        {"a path from home", "api: {token_file: ~/token}",
         "19: api.token_file: \"~/token\" is no absolute path; start it with /"},
        {"a path that climbs", "api: {token_file: /etc/../token}",
         "19: api.token_file: a path with a .. in it; write the folder that it means"},
        {"a path that ends climbing", "api: {token_file: /etc/..}",
         "19: api.token_file: a path with a .. in it; write the folder that it means"},
        {"no text", "api: {tenant: \"\"}",
         "15: api.tenant: the text is empty; write one or remove the line"},
        {"a control character", "api: {tenant: \"a\\eb\"}",
         "15: api.tenant: the text has a control character or is no UTF-8; remove it"},
        {"no value", "api: {tenant: }",
         "15: api.tenant: there is no value; write one or remove the line"},
        {"null", "api: {tenant: null}",
         "15: api.tenant: there is no value; write one or remove the line"},
        {"a day that no month has", "api: {token_expires: 2027-06-31}",
         "22: api.token_expires: \"2027-06-31\" is not in the calendar; write a day that exists"},
        {"a leap day of another year", "api: {token_expires: 2027-02-29}",
         "22: api.token_expires: \"2027-02-29\" is not in the calendar; write a day that exists"},
        {"a month that is none", "api: {token_expires: 2027-13-01}",
         "22: api.token_expires: \"2027-13-01\" is not in the calendar; write a day that exists"},
        {"another way to write a day", "api: {token_expires: 01.03.2027}",
         "22: api.token_expires: \"01.03.2027\" is no date; write it as in 2027-03-01"},
        {"a time behind it", "api: {token_expires: 2027-03-01T00:00}",
         "22: api.token_expires: \"2027-03-01T00:00\" is no date; write it as in 2027-03-01"},
        {"documents that may be run", "sbom: {file_mode: 0755}",
         "19: sbom.file_mode: \"0755\" is no file mode for documents; write it as in 0644 or 0640"},
        {"documents that everybody may change", "sbom: {file_mode: 0666}",
         "19: sbom.file_mode: \"0666\" is no file mode for documents; write it as in 0644 or 0640"},
        {"a mode that the owner cannot write", "sbom: {file_mode: 0444}",
         "19: sbom.file_mode: \"0444\" is no file mode for documents; write it as in 0644 or 0640"},
        {"no octal digits", "sbom: {file_mode: 0689}",
         "19: sbom.file_mode: \"0689\" is no file mode for documents; write it as in 0644 or 0640"},
        {"too many digits", "sbom: {file_mode: 00644}",
         "19: sbom.file_mode: \"00644\" is no file mode for documents; write it as in 0644 or "
         "0640"},
        {"a list for a value", "api: {tenant: [a]}",
         "15: api.tenant: a list is not accepted; write a single value"},
        {"a mapping for a value", "api: {tenant: {a: b}}",
         "15: api.tenant: a mapping is not accepted; write a single value"},
        {"a value for a list", "api: {no_proxy: .corp}",
         "17: api.no_proxy: a single value is not accepted; write a list, as in "
         "[\"one\", \"two\"]"},
        {"a list in a list", "api: {no_proxy: [a, [b]]}",
         "21: api.no_proxy: a list is not accepted; write a text"},
        {"an item that is nothing", "api: {no_proxy: [a, ~]}",
         "21: api.no_proxy: the item has no value; write one or remove it"},
        {"an item that is empty", "api: {no_proxy: [a, '']}",
         "21: api.no_proxy: the text is empty; write one or remove the line"},
        {"a list that needs something", "watch: [{name: a, path: /a, include: []}]",
         "38: watch[0].include: 0 items; write 1 to 1024"},
        {"a value for a section", "api: on",
         "6: api is no mapping; write its keys as \"key: value\""},
        {"a mapping for a list of them", "watch: {name: a}",
         "8: watch: not a list; start each entry with \"- \""},
        {"a value for an element", "watch: [a]",
         "9: watch[0] is no mapping; write its keys as \"key: value\""},
        {"an element without its name", "watch: [{path: /a}]", "9: watch[0] has no name; add it"},
        {"an element without its path", "watch: [{name: a}]", "9: watch[0] has no path; add it"},
        {"a name with a blank", "watch: [{name: a b, path: /a}]",
         "16: watch[0].name: \"a b\" is no name; write at most 64 letters, digits, _ and -"},
        {"an unknown event", "alerts: {targets: [{on: [auth_pause], command: [/n]}]}",
         "26: alerts.targets[0].on: \"auth_pause\" is no event; did you mean auth_paused?"},
        {"nothing like an event", "alerts: {targets: [{on: [x], command: [/n]}]}",
         "26: alerts.targets[0].on: \"x\" is no event; write one of those that "
         "config/onekey-agent.yaml lists"},
        {"no events at all", "alerts: {targets: [{on: [], command: [/n]}]}",
         "25: alerts.targets[0].on: no event is named; name some or remove the line"},
        {"a password in a URL, which is not repeated", "api: {proxy: 'http://u:hunter2@p'}",
         "14: api.proxy: a URL with user or password; this file holds no secrets, take them out"},
        {"no scheme", "api: {proxy: 'proxy.corp:3128'}",
         "14: api.proxy: a URL that does not start with http, https, socks4, socks4a, socks5 or "
         "socks5h; write scheme://host"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_free char *want = xasprintf("c.yaml:2:%s", rows[i].want);
        auto_loaded struct loaded loaded = loaded_text(text);

        loaded_expect_error(rows[i].why, &loaded, want);
        assert_string_equal(loaded.err.message, want);
    }
}

static void an_unknown_key_is_refused_with_the_nearest_one(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"at the top", "versoin: 1\nversion: 1",
         "1:1: unknown key versoin in the file; did you mean version?"},
        {"a list at the top", "version: 1\nwatches: []",
         "2:1: unknown key watches in the file; did you mean watch?"},
        {"in a section", "version: 1\napi: {stal_timeout: 5s}",
         "2:7: unknown key stal_timeout in api; did you mean stall_timeout?"},
        {"in a section of a section", "version: 1\ntransfers: {retry: {bse: 5s}}",
         "2:21: unknown key bse in transfers.retry; did you mean base?"},
        {"in an element", "version: 1\nwatch: [{name: a, path: /a, setle: 5s}]",
         "2:29: unknown key setle in watch[0]; did you mean settle?"},
        {"the section of an element", "version: 1\nwatch: [{name: a, path: /a, metdata: 5}]",
         "2:29: unknown key metdata in watch[0]; did you mean metadata?"},
        {"in the section of an element",
         "version: 1\nwatch: [{name: a, path: /a, metadata: {vendr: x}}]",
         "2:40: unknown key vendr in watch[0].metadata; did you mean vendor?"},
        {"in a timetable",
         "version: 1\ntransfers: {bandwidth: [{from: 08:00, to: 18:00, rate: 1MiB, ratr: 1}]}",
         "2:62: unknown key ratr in transfers.bandwidth[0]; did you mean rate?"},
        {"in an export's filter",
         "version: 1\nexport: [{name: a, schedule: '@daily', filter: {vendr: x}}]",
         "2:49: unknown key vendr in export[0].filter; did you mean vendor?"},
        {"at home in another section", "version: 1\nstall_timeout: 5s",
         "2:1: unknown key stall_timeout in the file; did you mean api.stall_timeout?"},
        {"like nothing", "version: 1\nfrobnicate: 5",
         "2:1: unknown key frobnicate in the file; remove it"},
        {"a path is no key", "version: 1\napi.url: https://x",
         "2:1: unknown key api.url in the file; remove it"},
        {"an index is none either", "version: 1\n'watch[]': 1",
         "2:1: unknown key watch[] in the file; did you mean watch?"},
        {"an empty key", "version: 1\n'': 1", "2:1: unknown key  in the file; remove it"},
        {"bytes for a terminal", "version: 1\n\"\\e[2J\": 1",
         "2:1: unknown key \\x1b[2J in the file; remove it"},
        {"longer than any path",
         "version: 1\n"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "a"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1",
         "2:1: unknown key in the file; remove it"},
        {"what only the command line takes", "version: 1\napi: {disable_tls_verify: true}",
         "2:7: api.disable_tls_verify is not set in this file; it is taken only as "
         "--disable-tls-verify or ONEKEY_DISABLE_TLS_VERIFY"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *want = xasprintf("c.yaml:%s", rows[i].want);
        auto_loaded struct loaded loaded = loaded_text(rows[i].text);

        loaded_expect_error(rows[i].why, &loaded, want);
    }
}

static void a_secret_in_the_file_is_refused_and_not_repeated(void **state)
{
    static const char *const texts[] = {
        "version: 1\ntoken: hunter2",
        "version: 1\napi: {token: hunter2}",
        "version: 1\napi: {Password: hunter2}",
        "version: 1\napi: {api_key: [hunter2]}",
        "version: 1\napi: {url: 'https://u:hunter2@x'}",
        "version: 1\nalerts: {heartbeat: 'hunter2'}",
        "version: 1\nalerts: {targets: [{webhook: 'https://x/ hunter2'}]}",
        "version: 1\nalerts: {targets: [{webhook: 'https://x/#hunter2'}]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        auto_loaded struct loaded loaded = loaded_text(texts[i]);

        assert_null(loaded.config);
        assert_int_equal(loaded.problems.error_count, 1);
        assert_null(strstr(loaded.problems.errors[0], "hunter2"));
    }
    auto_loaded struct loaded loaded = loaded_text(texts[1]);
    assert_string_equal(loaded.problems.errors[0],
                        "c.yaml:2:7: token: secrets are not kept in this file; write the token to "
                        "a file of its own and name it in api.token_file (for a proxy's password: "
                        "api.proxy_auth_file)");
}

static void a_file_that_is_no_configuration_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"nothing", "", "c.yaml: the file is empty; start it with \"version: 1\""},
        {"only remarks", "# x\n", "c.yaml: the file is empty; start it with \"version: 1\""},
        {"a list", "- a", "c.yaml:1:1: the file is no mapping; write its keys as \"key: value\""},
        {"a word", "hello", "c.yaml:1:1: the file is no mapping; write its keys as \"key: value\""},
        {"no version", "api: {}", "c.yaml:1:1: the file has no version; add \"version: 1\""},
        {"another version", "version: 2", "c.yaml:1:10: version: 2 is not accepted; write 1"},
        {"no YAML", "version: [",
         "c.yaml:2:1: did not find expected node content; look for a "
         "missing quote, colon, bracket or indentation here or above"},
        {"a tab", "version: 1\napi:\n\turl: x",
         "c.yaml:3:1: a tab; use spaces (in a quoted text \"\\t\")"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_loaded struct loaded loaded = loaded_text(rows[i].text);

        loaded_expect_error(rows[i].why, &loaded, rows[i].want);
    }
}

static void all_mistakes_are_told_at_once(void **state)
{
    auto_loaded struct loaded loaded =
        loaded_text("version: 1\napi: {url: ftp://x, tenant: ''}\nlog: {level: x}\n");

    (void)state;
    assert_null(loaded.config);
    assert_int_equal(loaded.problems.error_count, 3);
    assert_memory_equal(loaded.problems.errors[0], "c.yaml:2:12: api.url: ", 22);
    assert_memory_equal(loaded.problems.errors[1], "c.yaml:2:29: api.tenant: ", 25);
    assert_memory_equal(loaded.problems.errors[2], "c.yaml:3:14: log.level: ", 24);
    assert_non_null(strstr(loaded.err.message, "c.yaml:2:12: api.url: "));
    assert_non_null(strstr(loaded.err.message, " (and 2 more)"));
}

static void very_many_mistakes_are_counted(void **state)
{
    char text[1024] = "version: 1\n";

    (void)state;
    for (size_t i = 0; i < 25; i++) {
        char line[16];
        snprintf(line, sizeof line, "zz%zu: 1\n", i);
        strncat(text, line, sizeof text - strlen(text) - 1);
    }
    auto_loaded struct loaded loaded = loaded_text(text);
    assert_int_equal(loaded.problems.error_count, CONFIG_PROBLEM_MAX);
    assert_int_equal(loaded.problems.errors_more, 5);
    assert_non_null(strstr(loaded.err.message, " (and 24 more)"));
}

static void lists_have_a_limit(void **state)
{
    static const struct {
        const char *head; /* behind "version: 1\n" */
        const char *entry;
        size_t count;
        const char *want;
    } rows[] = {
        {"watch:", "- {name: w}", 257, "c.yaml:3:1: watch: 257 entries; write at most 256"},
        {"export:", "- {name: e}", 65, "c.yaml:3:1: export: 65 entries; write at most 64"},
        {"transfers:\n  bandwidth:", "  - {from: 08:00}", 49,
         "c.yaml:4:3: transfers.bandwidth: 49 entries; write at most 48"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[8192];

        snprintf(text, sizeof text, "version: 1\n%s\n", rows[i].head);
        for (size_t j = 0; j < rows[i].count; j++) {
            strncat(text, rows[i].entry, sizeof text - strlen(text) - 1);
            strncat(text, "\n", sizeof text - strlen(text) - 1);
        }
        auto_loaded struct loaded loaded = loaded_text(text);
        loaded_expect_error("too many", &loaded, rows[i].want);
    }
}

static void the_frozen_struct_holds_what_was_written(void **state)
{
    auto_loaded struct loaded loaded = loaded_text(
        "version: 1\napi: {token_expires: 2027-03-01, answer_timeout: 2h}\n"
        "transfers: {bandwidth: 1MiB, retry: {give_up_after: 1d}}\nlog: {level: warn, format: "
        "json}\n"
        "watch:\n- {name: a, path: /a, mode: poll, order: oldest, same_content: per_version}\n"
        "sbom: {file_mode: 0640, formats: [{name: x}]}\n"
        "alerts: {targets: [{on: [auth_resumed], webhook_file: /w}]}\n");
    const struct config *config = loaded.config;

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->file_name, "c.yaml");
    assert_true(config->api.token_expires_ms == INT64_C(1803859200000));
    assert_int_equal(config->api.answer_timeout_ms, 7200000);
    assert_int_equal(config->transfers.bandwidth, 1048576);
    assert_int_equal(config->transfers.limit_unanalysed, 0);
    assert_int_equal(config->transfers.retry.give_up_after_ms, 86400000);
    assert_int_equal(config->log.level, LOG_LEVEL_WARN);
    assert_int_equal(config->log.format, LOG_FORMAT_JSON);
    assert_int_equal(config->watch_count, 1);
    assert_int_equal(config->watches[0].mode, CONFIG_MODE_POLL);
    assert_int_equal(config->watches[0].order, CONFIG_ORDER_OLDEST);
    assert_int_equal(config->watches[0].same_content, CONFIG_SAME_PER_VERSION);
    assert_null(config->watches[0].marker);
    assert_string_equal(config->watches[0].metadata.product_group, "Default");
    assert_int_equal(config->sbom.file_mode, 0640);
    assert_string_equal(config->sbom.formats[0].name, "x");
    assert_int_equal(config->alerts.targets[0].events, 1U << CONFIG_EVENT_AUTH_RESUMED);
    assert_int_equal(config->alerts.targets[0].command.count, 0);
}

static void a_hostile_file_is_refused_fast(void **state)
{
    enum { BRACKETS = 60000 };
    auto_free char *text = xcalloc(1, BRACKETS + 32);
    struct timespec start;
    struct timespec end;

    (void)state;
    snprintf(text, 32, "version: 1\nwatch: ");
    memset(text + strlen(text), '[', BRACKETS);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    auto_loaded struct loaded loaded = loaded_text(text);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    loaded_expect_error("brackets", &loaded,
                        "c.yaml:2:23: nested deeper than 16 levels; remove brackets or "
                        "indentation");
    assert_true(end.tv_sec - start.tv_sec < 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_takes_what_it_says),
        cmocka_unit_test(every_type_refuses_the_rest_with_place_and_remedy),
        cmocka_unit_test(an_unknown_key_is_refused_with_the_nearest_one),
        cmocka_unit_test(a_secret_in_the_file_is_refused_and_not_repeated),
        cmocka_unit_test(a_file_that_is_no_configuration_is_refused),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(very_many_mistakes_are_counted),
        cmocka_unit_test(lists_have_a_limit),
        cmocka_unit_test(the_frozen_struct_holds_what_was_written),
        cmocka_unit_test(a_hostile_file_is_refused_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
