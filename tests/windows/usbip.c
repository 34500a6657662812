#include "usbip.h"

#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 256
#define RECORD_SIZE 312
#define HEADER_SIZE 48
#define SUBMIT 1
#define UNLINK 2
#define SUBMIT_REPLY 3
#define UNLINK_REPLY 4
#define ANSWER_MS 5000

static uint32_t get32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }
static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static void put32(uint8_t *p, uint32_t v) { p[0] = v >> 24; p[1] = v >> 16; p[2] = v >> 8; p[3] = v; }

static int readable(SOCKET s, unsigned ms)
{
    fd_set set;
    struct timeval limit = { ms / 1000, ms % 1000 * 1000 };
    FD_ZERO(&set);
    FD_SET(s, &set);
    return select((int)s + 1, &set, NULL, NULL, &limit) > 0;
}

static int receive(SOCKET s, void *data, int length)
{
    char *p = data;
    while (length > 0) {
        int got = recv(s, p, length, 0);
        if (got <= 0)
            return -1;
        p += got;
        length -= got;
    }
    return 0;
}

static int transmit(SOCKET s, const void *data, int length) { return send(s, data, length, 0) == length ? 0 : -1; }

static SOCKET dial(void)
{
    static WSADATA started;
    const char *port = getenv("STUB_USBIP");
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int no_delay = 1;
    SOCKET s;

    if (!started.wVersion)
        WSAStartup(MAKEWORD(2, 2), &started);
    if (!port)
        return INVALID_SOCKET;
    address.sin_port = htons((u_short)atoi(port));
    s = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char *)&no_delay, sizeof(no_delay));
    if (connect(s, (struct sockaddr *)&address, sizeof(address)) == 0)
        return s;
    closesocket(s);
    return INVALID_SOCKET;
}

static void read_record(const uint8_t *record, struct board *board)
{
    const uint8_t *n = record + PATH_SIZE + sizeof(board->bus_id);
    memset(board, 0, sizeof(*board));
    memcpy(board->bus_id, record + PATH_SIZE, sizeof(board->bus_id));
    board->bus = get32(n);
    board->number = get32(n + 4);
    board->vendor = get16(n + 12);
    board->product = get16(n + 14);
    board->release = get16(n + 16);
    board->configuration = n[21] ? n[21] : 1;
    board->interface_count = n[23];
}

int list_boards(struct board *boards, int room)
{
    static const uint8_t request[8] = { 0x01, 0x11, 0x80, 0x05 };
    uint8_t reply[12], record[RECORD_SIZE], codes[4];
    int found = 0;
    SOCKET s = dial();

    if (s == INVALID_SOCKET)
        return 0;
    if (transmit(s, request, sizeof(request)) == 0 && receive(s, reply, sizeof(reply)) == 0) {
        int count = (int)get32(reply + 8);
        while (found < count && found < room && receive(s, record, sizeof(record)) == 0) {
            struct board *board = &boards[found++];
            read_record(record, board);
            for (int i = 0; i < board->interface_count && i < MAX_INTERFACES && receive(s, codes, sizeof(codes)) == 0; i++)
                memcpy(board->class_codes[i], codes, 3);
        }
    }
    closesocket(s);
    return found;
}

int take_board(const struct board *board, struct session *session)
{
    uint8_t request[8 + 32] = { 0x01, 0x11, 0x80, 0x03 }, reply[8], record[RECORD_SIZE];
    struct board taken;
    SOCKET s = dial();

    if (s == INVALID_SOCKET)
        return -1;
    memcpy(request + 8, board->bus_id, sizeof(board->bus_id));
    if (transmit(s, request, sizeof(request)) == 0 && receive(s, reply, sizeof(reply)) == 0 && get32(reply + 4) == 0
        && receive(s, record, sizeof(record)) == 0) {
        read_record(record, &taken);
        if (taken.number == board->number) {
            *session = (struct session){ s, taken.bus << 16 | taken.number, 0 };
            /* Windows has selected the configuration before a program sees the device. */
            if (control(session, 0x00, 9, board->configuration, 0, NULL, 0, ANSWER_MS) >= 0)
                return 0;
        }
    }
    closesocket(s);
    return -1;
}

void leave_board(struct session *session) { closesocket(session->socket); }

/* Waits for the end of a transfer, or of its unlink. Returns 1 when the limit passed first. */
static int await(struct session *session, uint32_t sequence, int is_in, uint8_t *data, uint16_t room, unsigned ms, int *result)
{
    uint8_t header[HEADER_SIZE];

    while (readable(session->socket, ms)) {
        if (receive(session->socket, header, sizeof(header)) < 0) {
            *result = BOARD_GONE;
            return 0;
        }
        if (get32(header) == UNLINK_REPLY && get32(header + 4) == sequence + 1) {
            *result = BOARD_SILENT;
            return 0;
        }
        if (get32(header) == SUBMIT_REPLY && get32(header + 4) == sequence) {
            int status = (int)get32(header + 0x14), length = (int)get32(header + 0x18);
            if (is_in && length > 0 && (length > room || receive(session->socket, data, length) < 0))
                status = BOARD_GONE;
            *result = status < 0 ? status : length;
            return 0;
        }
    }
    return 1;
}

static int transfer(
    struct session *session, uint8_t endpoint, int is_in, const uint8_t setup[8], uint8_t *data, uint16_t length, unsigned timeout_ms)
{
    static uint8_t message[HEADER_SIZE + 65536];
    int result = BOARD_GONE;
    uint32_t sequence = ++session->sequence;

    memset(message, 0, HEADER_SIZE);
    put32(message, SUBMIT);
    put32(message + 4, sequence);
    put32(message + 8, session->device);
    put32(message + 12, (uint32_t)is_in);
    put32(message + 16, endpoint);
    put32(message + 0x18, length);
    memcpy(message + 0x28, setup, 8);
    if (!is_in && length)
        memcpy(message + HEADER_SIZE, data, length);
    if (transmit(session->socket, message, HEADER_SIZE + (is_in ? 0 : length)) < 0)
        return BOARD_GONE;
    if (await(session, sequence, is_in, data, length, timeout_ms, &result) == 0)
        return result;

    memset(message, 0, HEADER_SIZE);
    put32(message, UNLINK);
    put32(message + 4, ++session->sequence);
    put32(message + 8, session->device);
    put32(message + 0x14, sequence);
    if (transmit(session->socket, message, HEADER_SIZE) < 0 || await(session, sequence, is_in, data, length, ANSWER_MS, &result) != 0)
        return BOARD_GONE;
    return result;
}

int control(struct session *session, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data, uint16_t length, unsigned timeout_ms)
{
    const uint8_t setup[8] = { type, request, value & 0xFF, value >> 8, index & 0xFF, index >> 8, length & 0xFF, length >> 8 };
    return transfer(session, 0, type & 0x80 ? 1 : 0, setup, data, length, timeout_ms);
}

int interrupt_in(struct session *session, uint8_t endpoint, uint8_t *data, uint16_t length, unsigned timeout_ms)
{
    static const uint8_t no_setup[8];
    return transfer(session, endpoint & 0x0F, 1, no_setup, data, length, timeout_ms);
}
