/* The line from the stand-ins for USB libraries to a virtual board: USB/IP on loopback, as "upload-helper simulate --listen"
 * offers it (Linux, Documentation/usb/usbip_protocol.rst). The port is in the variable STUB_USBIP. */
#ifndef USBIP_H
#define USBIP_H

#include <winsock2.h>
#include <stdint.h>

#define MAX_INTERFACES 8
#define BOARD_STALLED (-32)    /* -EPIPE */
#define BOARD_GONE (-108)    /* -ESHUTDOWN */
#define BOARD_SILENT (-110) /* -ETIMEDOUT */

struct board {
    char bus_id[32];
    uint32_t bus, number;
    uint16_t vendor, product, release;
    uint8_t configuration, interface_count;
    uint8_t class_codes[MAX_INTERFACES][3]; /* class, subclass, protocol */
};

struct session {
    SOCKET socket;
    uint32_t device, sequence;
};

/* Lists the boards on the bus; returns their number. */
int list_boards(struct board *boards, int room);

/* Takes a board; returns 0, or a negative number if that enumeration of it is over or another host has it. */
int take_board(const struct board *board, struct session *session);
void leave_board(struct session *session);

/* One control transfer; returns the bytes transferred or a negative BOARD_. */
int control(struct session *session, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data, uint16_t length, unsigned timeout_ms);

/* One packet from an interrupt endpoint; the same results. */
int interrupt_in(struct session *session, uint8_t endpoint, uint8_t *data, uint16_t length, unsigned timeout_ms);

#endif
