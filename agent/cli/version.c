/*
 * version.c - --version, and what else only the libraries know.
 */
#include <curl/curl.h>
#include <expat.h>
#include <jansson.h>
#include <openssl/crypto.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <uv.h>
#include <yaml.h>
#include <zlib.h>

#include "cli/help.h"
#include "cli/version.h"

static void write_curl(struct out *out)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    out_print(out, "libcurl   %s (%s)\n", info->version,
              info->ssl_version ? info->ssl_version : "without TLS");
}

static void write_pcre2(struct out *out)
{
    char version[64] = "";

    pcre2_config(PCRE2_CONFIG_VERSION, version);
    out_print(out, "PCRE2     %s\n", version);
}

void help_version(struct out *out)
{
    out_print(out, "onekey-agent %s\n\n", AGENT_VERSION);
    out_print(out, "libuv     %s\n", uv_version_string());
    write_curl(out);
    out_print(out, "libyaml   %s\n", yaml_get_version_string());
    out_print(out, "SQLite    %s\n", sqlite3_libversion());
    out_print(out, "jansson   %s\n", jansson_version_str());
    write_pcre2(out);
    out_print(out, "libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION));
    out_print(out, "zlib      %s\n", zlibVersion());
    out_print(out, "expat     %s\n", XML_ExpatVersion());
}

const char *version_trust_store(void)
{
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}
