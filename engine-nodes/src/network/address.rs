//! Which IP addresses lie inside: on this machine, in its network, or in a range with a special meaning.
//!
//! The list follows the IANA special-purpose registries (RFC 6890 and its updates). An IPv6 address that carries an IPv4 address is judged
//! by what it carries, in every form in which a system on the way may unwrap it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Whether an address is one that the public Internet routes to somebody else.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The address itself, and the IPv4 address within it where it is an IPv4-mapped one: both spell the same host.
pub(crate) fn spellings(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let canonical = address.to_canonical();
    std::iter::once(address).chain((canonical != address).then_some(canonical))
}

/// Reads `10.0.0.0/8`, or a single address.
pub(crate) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| IpNet::from(address)))
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

const INSIDE_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    // Azure's host agent: a public address that only virtual machines reach.
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 3),
];

/// Only this is handed out to the public Internet; everything else in IPv6 is special or unassigned.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

const INSIDE_V6: &[Ipv6Net] = &[
    // Teredo, benchmarking, ORCHID and the rest of the protocol assignments.
    v6(0x2001, 0, 0, 23),
    v6(0x2001, 0x0db8, 0, 32),
    v6(0x3fff, 0, 0, 20),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    !INSIDE_V4.iter().any(|network| network.contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(carried) = carried_v4(address) {
        return is_public_v4(carried);
    }
    GLOBAL_V6.contains(&address) && !INSIDE_V6.iter().any(|network| network.contains(&address))
}

/// The IPv4 address within an IPv6 address of one of the forms that gateways and stacks unwrap.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let carried = match address.segments() {
        // IPv4-compatible: the unspecified address and loopback fall in here too. IPv4-mapped.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        // IPv4-translated.
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        // NAT64.
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4.
        | [0x2002, high, low, ..]
        // ISATAP below any prefix, with the universal bit clear or set.
        | [.., 0 | 0x0200, 0x5efe, high, low] => Some((high, low)),
        _ => None,
    };
    carried.map(|(high, low)| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(public: bool, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn loopback_and_unspecified_are_inside() {
        check(false, &["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"]);
    }

    #[test]
    fn private_networks_are_inside() {
        check(
            false,
            &["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200", "fc00::1", "fd00:ec2::254", "fec0::1"],
        );
        check(true, &["172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "192.167.255.255", "192.169.0.0"]);
    }

    #[test]
    fn link_local_and_metadata_are_inside() {
        check(false, &["169.254.169.254", "169.254.0.1", "fe80::1", "febf::1", "168.63.129.16", "192.0.0.192"]);
        check(true, &["168.63.129.15", "169.253.255.255"]);
    }

    #[test]
    fn multicast_reserved_and_documentation_are_inside() {
        check(false, &["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1"]);
        check(false, &["ff02::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1", "2001:10::1"]);
    }

    #[test]
    fn carried_addresses_are_judged() {
        check(
            false,
            &[
                "::ffff:127.0.0.1",
                "::ffff:169.254.169.254",
                "::127.0.0.1",
                "::ffff:0:10.0.0.1",
                "64:ff9b::10.0.0.1",
                "64:ff9b:1::1",
                "2002:7f00:1::1",
                "2002:a9fe:a9fe::",
                "2001:0:7f00:1::1",
                "2606:4700::5efe:10.0.0.1",
                "2606:4700::200:5efe:127.0.0.1",
            ],
        );
        check(true, &["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]);
    }

    #[test]
    fn the_public_internet_is_outside() {
        check(true, &["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]);
    }
}
