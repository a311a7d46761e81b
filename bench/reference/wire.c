/* Network namespaces wired to a bridge over netlink, with as few messages as that takes: what the library is held against.
 * "N" makes a bridge with N members and tells the milliseconds for each, "remove N" those that removing them all takes. Needs
 * a namespace of its own. */
#define _GNU_SOURCE
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1100, BRIDGE = 100000, FIRST = 200000, PEER = 300000 };

static char buffer[16384];
static size_t end;
static struct nlmsghdr *message;
static int home_ns, host;
static int members[MOST];

static void begin(int type, int flags, const void *header, size_t size)
{
    message = (void *)(buffer + end);
    *message = (struct nlmsghdr){.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags};
    end += sizeof *message;
    memcpy(buffer + end, header, size);
    end += NLMSG_ALIGN(size);
    message->nlmsg_len = buffer + end - (char *)message;
}

static struct rtattr *put(int type, const void *data, size_t size)
{
    struct rtattr *attribute = (void *)(buffer + end);
    attribute->rta_type = type;
    attribute->rta_len = RTA_LENGTH(size);
    memcpy(RTA_DATA(attribute), data, size);
    end += RTA_SPACE(size);
    message->nlmsg_len = buffer + end - (char *)message;
    return attribute;
}

static void put32(int type, unsigned value)
{
    put(type, &value, sizeof value);
}

static void close_nest(struct rtattr *nest)
{
    nest->rta_len = buffer + end - (char *)nest;
    message->nlmsg_len = buffer + end - (char *)message;
}

/* Everything so far in one datagram; the last message is acknowledged. */
static void flush(int fd)
{
    char reply[8192];
    message->nlmsg_flags |= NLM_F_ACK;
    DIE_UNLESS(send(fd, buffer, end, 0) >= 0, "send");
    end = 0;
    DIE_UNLESS(recv(fd, reply, sizeof reply, 0) > 0, "recv");
    errno = -((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)reply))->error;
    DIE_UNLESS(errno == 0, "netlink");
}

static int netlink(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    DIE_UNLESS(fd >= 0, "socket");
    return fd;
}

static void link_up(int index)
{
    struct ifinfomsg up = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    begin(RTM_NEWLINK, 0, &up, sizeof up);
}

static void no_generated_address(int index)
{
    struct ifinfomsg link = {.ifi_index = index};
    unsigned char none = IN6_ADDR_GEN_MODE_NONE;
    begin(RTM_NEWLINK, 0, &link, sizeof link);
    struct rtattr *spec = put(IFLA_AF_SPEC, 0, 0), *family = put(AF_INET6, 0, 0);
    put(IFLA_INET6_ADDR_GEN_MODE, &none, 1);
    close_nest(family);
    close_nest(spec);
}

static void address(int index, int family, const void *bytes, int prefix)
{
    struct ifaddrmsg header = {.ifa_family = family, .ifa_prefixlen = prefix, .ifa_index = index};
    size_t size = family == AF_INET ? 4 : 16;
    begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
    put(IFA_LOCAL, bytes, size);
    put(IFA_ADDRESS, bytes, size);
    put32(IFA_FLAGS, IFA_F_NODAD);
}

static void neighbour(int index, int family, const void *bytes, const unsigned char *mac)
{
    struct ndmsg header = {.ndm_family = family, .ndm_ifindex = index, .ndm_state = NUD_PERMANENT};
    begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof header);
    put(NDA_DST, bytes, family == AF_INET ? 4 : 16);
    put(NDA_LLADDR, mac, 6);
}

static void addresses_of(int i, unsigned char *v4, unsigned char *v6)
{
    const unsigned char net4[4] = {10, 77, i >> 8, i & 255}, net6[16] = {0xfd, 0, 0x77};
    memcpy(v4, net4, 4);
    memcpy(v6, net6, 16);
    v6[14] = i >> 8;
    v6[15] = i & 255;
}

static const unsigned char bridge_mac[6] = {2, 0x77, 0, 0, 0, 1};

static void make_bridge(void)
{
    struct ifinfomsg link = {.ifi_index = BRIDGE};
    unsigned char off = 0, v4[4], v6[16];
    begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    put(IFLA_IFNAME, "benchbr", 8);
    put(IFLA_ADDRESS, bridge_mac, 6);
    put32(IFLA_GROUP, 77);
    struct rtattr *info = put(IFLA_LINKINFO, 0, 0);
    put(IFLA_INFO_KIND, "bridge", 6);
    struct rtattr *data = put(IFLA_INFO_DATA, 0, 0);
    put32(IFLA_BR_FORWARD_DELAY, 0);
    put(IFLA_BR_MCAST_SNOOPING, &off, 1);
    close_nest(data);
    close_nest(info);
    no_generated_address(BRIDGE);
    addresses_of(1, v4, v6);
    address(BRIDGE, AF_INET, v4, 16);
    address(BRIDGE, AF_INET6, v6, 64);
    link_up(BRIDGE);
    flush(host);
}

static void make_pair(int i, int ns, const unsigned char *mac)
{
    struct ifinfomsg link = {.ifi_index = FIRST + i, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}, peer = {.ifi_index = PEER};
    char name[16];
    begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    put(IFLA_IFNAME, name, snprintf(name, sizeof name, "bench%d", i) + 1);
    put32(IFLA_MASTER, BRIDGE);
    put32(IFLA_GROUP, 77);
    put32(IFLA_NUM_TX_QUEUES, 1);
    put32(IFLA_NUM_RX_QUEUES, 1);
    struct rtattr *info = put(IFLA_LINKINFO, 0, 0);
    put(IFLA_INFO_KIND, "veth", 4);
    struct rtattr *data = put(IFLA_INFO_DATA, 0, 0), *other = put(VETH_INFO_PEER, &peer, sizeof peer);
    put(IFLA_IFNAME, "eth0", 5);
    put(IFLA_ADDRESS, mac, 6);
    put32(IFLA_NET_NS_FD, ns);
    put32(IFLA_NUM_TX_QUEUES, 1);
    put32(IFLA_NUM_RX_QUEUES, 1);
    close_nest(other);
    close_nest(data);
    close_nest(info);
}

static void default_route(int family, const void *gateway)
{
    struct rtmsg route = {.rtm_family = family, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
    begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
    put(RTA_GATEWAY, gateway, family == AF_INET ? 4 : 16);
    put32(RTA_OIF, PEER);
}

static void make_member(int i)
{
    unsigned char v4[4], v6[16], gateway4[4], gateway6[16], mac[6] = {2, 0x78, 0, 0, i >> 8, i & 255};
    addresses_of(i + 2, v4, v6);
    addresses_of(1, gateway4, gateway6);
    DIE_UNLESS(unshare(CLONE_NEWNET) == 0, "unshare");
    members[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int inside = netlink();
    DIE_UNLESS(setns(home_ns, CLONE_NEWNET) == 0, "setns");
    make_pair(i, members[i], mac);
    neighbour(BRIDGE, AF_INET, v4, mac);
    neighbour(BRIDGE, AF_INET6, v6, mac);
    flush(host);
    link_up(1);
    no_generated_address(PEER);
    link_up(PEER);
    address(PEER, AF_INET, v4, 16);
    address(PEER, AF_INET6, v6, 64);
    neighbour(PEER, AF_INET, gateway4, bridge_mac);
    neighbour(PEER, AF_INET6, gateway6, bridge_mac);
    default_route(AF_INET, gateway4);
    flush(inside);
    close(inside);
}

static void remove_all(int count)
{
    struct ifinfomsg none = {0};
    for (int i = 0; i < count; i++)
        close(members[i]);
    begin(RTM_DELLINK, 0, &none, sizeof none);
    put32(IFLA_GROUP, 77);
    flush(host);
}

int main(void)
{
    char line[64];
    int count = 0;
    home_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    host = netlink();
    while (fgets(line, sizeof line, stdin)) {
        int removal = sscanf(line, "remove %d", &count) == 1;
        if (!removal)
            count = atoi(line);
        make_bridge();
        double start = now_ms();
        for (int i = 0; i < count; i++)
            make_member(i);
        double made = now_ms();
        remove_all(count);
        answer(removal ? now_ms() - made : (made - start) / count);
    }
    return 0;
}
