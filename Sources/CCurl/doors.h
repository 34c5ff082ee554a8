#pragma once
#include <curl/curl.h>
#include <sys/socket.h>

/* Swift cannot call variadic C: one typed door for each shape of argument. */

static inline CURLcode ccurl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value)
{ return curl_easy_setopt(easy, option, value); }

static inline CURLcode ccurl_set_big(CURL *easy, CURLoption option, curl_off_t value)
{ return curl_easy_setopt(easy, option, value); }

static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value)
{ return curl_easy_setopt(easy, option, value); }

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value)
{ return curl_easy_setopt(easy, option, value); }

static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value)
{ return curl_easy_setopt(easy, option, value); }

typedef size_t (*ccurl_bytes)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_ready)(void *context, char *remote, char *local, int remote_port, int local_port);
typedef int (*ccurl_trace)(CURL *easy, curl_infotype kind, char *bytes, size_t count, void *context);

static inline CURLcode ccurl_on_body(CURL *easy, ccurl_bytes call, void *context)
{
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, call);
}

static inline CURLcode ccurl_on_header(CURL *easy, ccurl_bytes call, void *context)
{
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, call);
}

static inline CURLcode ccurl_on_upload(CURL *easy, ccurl_bytes call, void *context)
{
    curl_easy_setopt(easy, CURLOPT_READDATA, context);
    return curl_easy_setopt(easy, CURLOPT_READFUNCTION, call);
}

static inline CURLcode ccurl_on_ready(CURL *easy, ccurl_ready call, void *context)
{
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, call);
}

static inline CURLcode ccurl_on_trace(CURL *easy, ccurl_trace call, void *context)
{
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, context);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, call);
    return curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}

/* 7.88 opens sockets that a child process would inherit. */
static inline curl_socket_t ccurl_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static inline CURLcode ccurl_keep_sockets_private(CURL *easy)
{ return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, ccurl_open_socket); }

static inline long ccurl_get_long(CURL *easy, CURLINFO info)
{
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value)
{ return curl_multi_setopt(multi, option, value); }

/* The next finished transfer, or NULL. */
static inline CURL *ccurl_multi_done(CURLM *multi, CURLcode *result)
{
    CURLMsg *message;
    int left = 0;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
