/* Stands in for libusb-1.0.dll on Windows: its functions that upload-helper calls (libusb.h), on a virtual board whose driver
 * is WinUSB. With the variable STUB_DRIVER=libusb0 it has libusb-win32's: listed, but not to be opened where
 * libusbK.dll is missing (windows_winusb.c, CHECK_WINUSBX_AVAILABLE). */
#include "usbip.h"

#include <stdlib.h>
#include <string.h>

#define API __declspec(dllexport)
#define CALL WINAPI

enum { IO = -1, ACCESS = -3, NO_DEVICE = -4, NOT_FOUND = -5, TIMEOUT = -7, PIPE = -9, NOT_SUPPORTED = -12 };

struct libusb_version { uint16_t major, minor, micro, nano; const char *rc, *describe; };

struct interface_descriptor {
    uint8_t length, type, number, alternate, endpoints, class_code, subclass, protocol, string;
    const void *endpoint;
    const uint8_t *extra;
    int extra_length;
};

struct interface_list { const struct interface_descriptor *alternates; int count; };

struct config_descriptor {
    uint8_t length, type;
    uint16_t total;
    uint8_t interface_count, value, string, attributes, power;
    const struct interface_list *interfaces;
    const uint8_t *extra;
    int extra_length;
};

struct device { struct board board; };
struct handle { struct session session; unsigned claimed; };

API int CALL libusb_init(void **context) { *context = calloc(1, 1); return 0; }
API void CALL libusb_exit(void *context) { free(context); }

API const struct libusb_version *CALL libusb_get_version(void)
{
    static const struct libusb_version version = { 1, 0, 26, 11724, "", "stand-in" };
    return &version;
}

API intptr_t CALL libusb_get_device_list(void *context, struct device ***list)
{
    static struct board boards[16];
    int count = list_boards(boards, 16);
    (void)context;
    *list = calloc(count + 1, sizeof(**list));
    for (int i = 0; i < count; i++) {
        (*list)[i] = malloc(sizeof(struct device));
        (*list)[i]->board = boards[i];
    }
    return count;
}

API void CALL libusb_free_device_list(struct device **list, int unreference)
{
    for (int i = 0; unreference && list[i]; i++)
        free(list[i]);
    free(list);
}

API uint8_t CALL libusb_get_bus_number(struct device *device) { return (uint8_t)device->board.bus; }
API uint8_t CALL libusb_get_device_address(struct device *device) { return (uint8_t)device->board.number; }

API int CALL libusb_get_port_numbers(struct device *device, uint8_t *ports, int room)
{
    (void)device;
    if (room < 1)
        return -11; /* LIBUSB_ERROR_OVERFLOW */
    ports[0] = 1;
    return 1;
}

API int CALL libusb_get_device_descriptor(struct device *device, uint8_t *d)
{
    const struct board *b = &device->board;
    const uint8_t bytes[18] = { 18, 1, 0x00, 0x02, 0, 0, 0, 64, b->vendor & 0xFF, b->vendor >> 8, b->product & 0xFF, b->product >> 8,
        b->release & 0xFF, b->release >> 8, 1, 2, 3, 1 };
    memcpy(d, bytes, sizeof(bytes));
    return 0;
}

API int CALL libusb_get_config_descriptor(struct device *device, uint8_t index, struct config_descriptor **config)
{
    const struct board *b = &device->board;
    struct interface_list *lists = calloc(MAX_INTERFACES, sizeof(*lists));
    struct interface_descriptor *descriptors = calloc(MAX_INTERFACES, sizeof(*descriptors));

    if (index != 0)
        return NOT_FOUND;
    for (int i = 0; i < b->interface_count && i < MAX_INTERFACES; i++) {
        descriptors[i] = (struct interface_descriptor){ .length = 9, .type = 4, .number = (uint8_t)i,
            .class_code = b->class_codes[i][0], .subclass = b->class_codes[i][1], .protocol = b->class_codes[i][2] };
        lists[i] = (struct interface_list){ &descriptors[i], 1 };
    }
    *config = calloc(1, sizeof(**config));
    **config = (struct config_descriptor){ .length = 9, .type = 2, .interface_count = b->interface_count, .value = b->configuration, .interfaces = lists };
    return 0;
}

API void CALL libusb_free_config_descriptor(struct config_descriptor *config)
{
    free((void *)config->interfaces[0].alternates);
    free((void *)config->interfaces);
    free(config);
}

API int CALL libusb_open(struct device *device, struct handle **handle)
{
    const char *driver = getenv("STUB_DRIVER");
    if (driver && strcmp(driver, "libusb0") == 0)
        return ACCESS;
    *handle = calloc(1, sizeof(**handle));
    if (take_board(&device->board, &(*handle)->session) == 0)
        return 0;
    free(*handle);
    return NO_DEVICE;
}

API void CALL libusb_close(struct handle *handle)
{
    leave_board(&handle->session);
    free(handle);
}

API int CALL libusb_set_auto_detach_kernel_driver(struct handle *handle, int enable)
{
    (void)handle, (void)enable;
    return NOT_SUPPORTED;
}

API int CALL libusb_claim_interface(struct handle *handle, int number)
{
    handle->claimed |= 1u << number;
    return 0;
}

API int CALL libusb_release_interface(struct handle *handle, int number)
{
    handle->claimed &= ~(1u << number);
    return 0;
}

static int error_of(int result)
{
    return result >= 0 ? result : result == BOARD_STALLED ? PIPE : result == BOARD_SILENT ? TIMEOUT : NO_DEVICE;
}

API int CALL libusb_set_interface_alt_setting(struct handle *handle, int number, int alternate)
{
    int result;
    if (!(handle->claimed & 1u << number))
        return NOT_FOUND;
    result = control(&handle->session, 0x01, 11, (uint16_t)alternate, (uint16_t)number, NULL, 0, 5000);
    return result == BOARD_STALLED ? IO : error_of(result); /* winusbx_set_interface_altsetting */
}

API int CALL libusb_control_transfer(
    struct handle *handle, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data, uint16_t length, unsigned timeout)
{
    /* WinUSB takes requests to an interface only from who has it. */
    if ((type & 0x1F) == 1 && !(handle->claimed & 1u << (index & 0x1F)))
        return NOT_FOUND;
    return error_of(control(&handle->session, type, request, value, index, data, length, timeout));
}

API int CALL libusb_interrupt_transfer(
    struct handle *handle, uint8_t endpoint, uint8_t *data, int length, int *transferred, unsigned timeout)
{
    int result = interrupt_in(&handle->session, endpoint, data, (uint16_t)length, timeout);
    *transferred = result > 0 ? result : 0;
    return result > 0 ? 0 : error_of(result);
}

/* winusbx_reset_device: WinUSB has no call for it, so that nothing happens. */
API int CALL libusb_reset_device(struct handle *handle)
{
    (void)handle;
    return 0;
}
