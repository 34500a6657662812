/* Stands in for libusb-win32's libusb0.dll: its functions that upload-helper calls (lusb0_usb.h), on a virtual board whose
 * driver is libusb0.sys. Errors are as its error.c and windows.c have them: 116 time-out, 22 parameters, 5 all the rest. */
#include "usbip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API __declspec(dllexport)

enum { EIO_ = -5, EINVAL_ = -22, ETIMEDOUT_ = -116 };

#pragma pack(push, 1)
struct interface_descriptor {
    uint8_t length, type, number, alternate, endpoints, class_code, subclass, protocol, string;
    void *endpoint;
    uint8_t *extra;
    int extra_length;
};

struct interface_list { struct interface_descriptor *alternates; int count; };

struct config_descriptor {
    uint8_t length, type;
    uint16_t total;
    uint8_t interface_count, value, string, attributes, power;
    struct interface_list *interfaces;
    uint8_t *extra;
    int extra_length;
};

struct device_descriptor {
    uint8_t length, type;
    uint16_t usb;
    uint8_t class_code, subclass, protocol, packet;
    uint16_t vendor, product, release;
    uint8_t strings[3], configurations;
};

struct usb_bus;

struct usb_device {
    struct usb_device *next, *prev;
    char filename[512];
    struct usb_bus *bus;
    struct device_descriptor descriptor;
    struct config_descriptor *config;
    void *dev;
    uint8_t devnum, num_children;
    struct usb_device **children;
};

struct usb_bus {
    struct usb_bus *next, *prev;
    char dirname[512];
    struct usb_device *devices;
    unsigned long location;
    struct usb_device *root_dev;
};
#pragma pack(pop)

struct usb_dev_handle { struct session session; int config, claimed, alternate; };

static struct usb_bus bus = { .dirname = "bus-0" };
static int started;

API void usb_init(void) { started = 1; }
API int usb_find_busses(void) { return started ? 0 : EINVAL_; }
API struct usb_bus *usb_get_busses(void) { return &bus; }

static struct usb_device *describe(const struct board *board, int number)
{
    struct usb_device *device = calloc(1, sizeof(*device));
    struct config_descriptor *config = calloc(1, sizeof(*config));

    snprintf(device->filename, sizeof(device->filename), "\\\\.\\libusb0-%04d--0x%04x-0x%04x", number, board->vendor, board->product);
    device->bus = &bus;
    device->devnum = (uint8_t)number;
    device->descriptor = (struct device_descriptor){ .length = 18, .type = 1, .usb = 0x0200, .packet = 64,
        .vendor = board->vendor, .product = board->product, .release = board->release, .configurations = 1 };
    *config = (struct config_descriptor){ .length = 9, .type = 2, .interface_count = board->interface_count, .value = board->configuration };
    config->interfaces = calloc(MAX_INTERFACES, sizeof(*config->interfaces));
    for (int i = 0; i < board->interface_count && i < MAX_INTERFACES; i++) {
        struct interface_descriptor *d = calloc(1, sizeof(*d));
        *d = (struct interface_descriptor){ .length = 9, .type = 4, .number = (uint8_t)i,
            .class_code = board->class_codes[i][0], .subclass = board->class_codes[i][1], .protocol = board->class_codes[i][2] };
        config->interfaces[i] = (struct interface_list){ d, 1 };
    }
    device->config = config;
    device->dev = malloc(sizeof(*board));
    memcpy(device->dev, board, sizeof(*board));
    return device;
}

static void forget(struct usb_device *device)
{
    for (int i = 0; i < device->config->interface_count && i < MAX_INTERFACES; i++)
        free(device->config->interfaces[i].alternates);
    free(device->config->interfaces);
    free(device->config);
    free(device->dev);
    memset(device, 0xDD, sizeof(*device)); /* whoever still reads it shall notice */
    free(device);
}

/* The driver gives the first free number, so that a board that comes back has its old name. */
API int usb_find_devices(void)
{
    static struct board boards[16];
    int count = list_boards(boards, 16);

    while (bus.devices) {
        struct usb_device *next = bus.devices->next;
        forget(bus.devices);
        bus.devices = next;
    }
    for (int i = 0; i < count; i++) {
        /* A sketch's serial port has Windows' own driver. */
        struct usb_device *device;
        if (boards[i].class_codes[0][0] != 0xFE)
            continue;
        device = describe(&boards[i], i + 1);
        device->next = bus.devices;
        bus.devices = device;
    }
    return count;
}

API struct usb_dev_handle *usb_open(struct usb_device *device)
{
    struct usb_dev_handle *handle = calloc(1, sizeof(*handle));
    handle->claimed = handle->alternate = -1;
    if (take_board(device->dev, &handle->session) == 0)
        return handle;
    free(handle);
    return NULL;
}

API int usb_close(struct usb_dev_handle *handle)
{
    leave_board(&handle->session);
    free(handle);
    return 0;
}

API int usb_set_configuration(struct usb_dev_handle *handle, int configuration)
{
    if (handle->claimed >= 0 && handle->config != configuration)
        return EINVAL_;
    handle->config = configuration;
    return 0;
}

API int usb_claim_interface(struct usb_dev_handle *handle, int number)
{
    if (!handle->config)
        return EINVAL_;
    handle->claimed = number;
    handle->alternate = 0;
    return 0;
}

API int usb_release_interface(struct usb_dev_handle *handle, int number)
{
    if (handle->claimed != number)
        return EIO_;
    handle->claimed = handle->alternate = -1;
    return 0;
}

static int error_of(int result) { return result >= 0 ? result : result == BOARD_SILENT ? ETIMEDOUT_ : EIO_; }

API int usb_set_altinterface(struct usb_dev_handle *handle, int alternate)
{
    int result;
    if (!handle->config || handle->claimed < 0)
        return EINVAL_;
    result = error_of(control(&handle->session, 0x01, 11, (uint16_t)alternate, (uint16_t)handle->claimed, NULL, 0, 5000));
    if (result >= 0)
        handle->alternate = alternate;
    return result;
}

API int usb_control_msg(
    struct usb_dev_handle *handle, int type, int request, int value, int index, char *bytes, int size, int timeout)
{
    return error_of(control(
        &handle->session, (uint8_t)type, (uint8_t)request, (uint16_t)value, (uint16_t)index, (uint8_t *)bytes, (uint16_t)size,
        timeout > 0 ? (unsigned)timeout : 5000));
}

API int usb_interrupt_read(struct usb_dev_handle *handle, int endpoint, char *bytes, int size, int timeout)
{
    return error_of(interrupt_in(&handle->session, (uint8_t)endpoint, (uint8_t *)bytes, (uint16_t)size, timeout > 0 ? (unsigned)timeout : 5000));
}

/* reset_device.c: resets the port. USB/IP's servers take SET_FEATURE(PORT_RESET) for it. */
API int usb_reset(struct usb_dev_handle *handle) { return error_of(control(&handle->session, 0x23, 3, 4, 0, NULL, 0, 5000)); }
