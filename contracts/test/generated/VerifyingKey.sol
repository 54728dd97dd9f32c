// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title VerifyingKey
/// @notice A circuit's key, as the code of this contract: a zero byte, so that nobody runs it, then words. Generated: do
/// not edit.
/// @dev Points are coordinates x, y; those of G2 have their imaginary parts first. Infinity is (0, 0).
contract VerifyingKey {
    constructor() {
        assembly {
            mstore8(0x00, 0x00)
            // rows of the domain, 2^13
            mstore(0x0001, 0x0000000000000000000000000000000000000000000000000000000000002000)
            // their inverse
            mstore(0x0021, 0x3062cb506d9a969cb702833453cd4c52654aa6a93775a2c5bf57d68443608001)
            // generator to the power 7
            mstore(0x0041, 0x26b8dd6988468cea9baf7a7d6a88853801cf0861c73c5cfe1013f558a28e3c83)
            // generator to the power 6
            mstore(0x0061, 0x0fc9b0d2648547b1269df485820744f09b040ce18eeec2900205dbd323be210e)
            // generator to the power 5
            mstore(0x0081, 0x05522b8922a8722844ca09970e880a3f338b55601affe0a844b532d75e9f6b45)
            // generator to the power 4
            mstore(0x00a1, 0x14c60185e75885d674db4b3f7d4a5694fa6c01aa0f53557b060bc04a4172705f)
            // generator to the power 3
            mstore(0x00c1, 0x2bc6fba9e9f8c42fe458dea80ddb1982620186ca88e026d277c6a56e8060f554)
            // generator to the power 2
            mstore(0x00e1, 0x2f6122bbf1d35fdaa9953f60087a423238aa810773efee2a251aa6161f2e6ee6)
            // generator to the power 1
            mstore(0x0101, 0x10e3d295c1599ff535a1bb49f23d81aa03bd0ed25881f9ed12b179af67f67ae1)
            // generator to the power 0
            mstore(0x0121, 0x0000000000000000000000000000000000000000000000000000000000000001)
            // generator to the power -1
            mstore(0x0141, 0x09ff38534bd08f2b08b6010aaee9ac485d3afb3a9ae4280907537b08fc6e53e5)
            // generator to the power -2
            mstore(0x0161, 0x179c2392139def1b24f4e92b4bfba20a0fa885cb6bfc2f2cb92790e00237d0c0)
            // generator to the power -3
            mstore(0x0181, 0x2c34760cd8ba6180d92ad9da798faeb6fbf85f3f63d3dfca54b3b798e4f5f37e)
            // generator to the power -1, a rotation
            mstore(0x01a1, 0x09ff38534bd08f2b08b6010aaee9ac485d3afb3a9ae4280907537b08fc6e53e5)
            // generator to the power 0, a rotation
            mstore(0x01c1, 0x0000000000000000000000000000000000000000000000000000000000000001)
            // generator to the power 1, a rotation
            mstore(0x01e1, 0x10e3d295c1599ff535a1bb49f23d81aa03bd0ed25881f9ed12b179af67f67ae1)
            // generator to the power 2, a rotation
            mstore(0x0201, 0x2f6122bbf1d35fdaa9953f60087a423238aa810773efee2a251aa6161f2e6ee6)
            // generator to the power 3, a rotation
            mstore(0x0221, 0x2bc6fba9e9f8c42fe458dea80ddb1982620186ca88e026d277c6a56e8060f554)
            // interpolation over [0, 1, 2, 3] at 0
            mstore(0x0241, 0x228e3f648fa92764737d627fee78f84d4e8c84b400f72c3e135bd972dc1f17c3)
            // interpolation over [0, 1, 2, 3] at 1
            mstore(0x0261, 0x14a954a9ad6a6fa1c7b35fc7e9f987795fff315f35e9e017647ceb11b48b573d)
            // interpolation over [0, 1, 2, 3] at 2
            mstore(0x0281, 0x2f6fe1bbba7be45aaf74c4969a4fd78c12f14945c0b3b5307a970dd076cede32)
            // interpolation over [0, 1, 2, 3] at 3
            mstore(0x02a1, 0x2a85758eac05651c3e4b4a4511c1b1c4b71eb9807597902dd9360e66c886b2d1)
            // interpolation over [0, 1] at 0
            mstore(0x02c1, 0x2d19dc6e7a312123a624d9d7e774af33efb6ac66d391da8dc428121446767ab8)
            // interpolation over [0, 1] at 1
            mstore(0x02e1, 0x034a720467007f06122b6bde9a0ca929387d3be1a62796037fb9e37fa9898549)
            // interpolation over [0, 1, -1] at 0
            mstore(0x0301, 0x00a73c1bf1c4268ad98fd1c966037da9b6b8420f8aaf97df42ed3e18cb5dfb18)
            // interpolation over [0, 1, -1] at 1
            mstore(0x0321, 0x23435e9b931f834044437cb7168560634607ff30b70dd2d705e776ea8e62d3fa)
            // interpolation over [0, 1, -1] at -1
            mstore(0x0341, 0x0c79b3bb5c4df65e9a7cf73604f87a502b73a70837fc05dafb0d4090963f30ef)
            // interpolation over [0, -1] at 0
            mstore(0x0361, 0x034a720467007f06122b6bde9a0ca929387d3be1a62796037fb9e37fa989854a)
            // interpolation over [0, -1] at -1
            mstore(0x0381, 0x2d19dc6e7a312123a624d9d7e774af33efb6ac66d391da8dc428121446767ab7)
            // generator of G1
            mstore(0x03a1, 0x0000000000000000000000000000000000000000000000000000000000000001)
            mstore(0x03c1, 0x0000000000000000000000000000000000000000000000000000000000000002)
            // generator of G2
            mstore(0x03e1, 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2)
            mstore(0x0401, 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed)
            mstore(0x0421, 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b)
            mstore(0x0441, 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa)
            // minus tau times it
            mstore(0x0461, 0x01c0905e9782fe009e7fa288cb549730dc5cad2f6deb0c16eedc1ca006908a9f)
            mstore(0x0481, 0x04eb7227c58f6f8a8e6a3339557cb42fcc2bd7e41c7af8231a322a433e4cb07f)
            mstore(0x04a1, 0x14b418f88e44195b9eee8b638fb0d4a24a572fda7968e29661c3e46f19001941)
            mstore(0x04c1, 0x038115fee723782bdfe2438f3b27b2d7d8ac72f7b5a969b6afdd405f4246586c)
            // commitment to F0
            mstore(0x04e1, 0x1326af302ba671a65bfe25b9b555eec54260fa9eb5ccec57d34d06b324f308ed)
            mstore(0x0501, 0x2f720ee61bf7b577a54472bc8ccf16a2dda6a98ac791923bbf6f5285788fe3f4)
            // commitment to F1
            mstore(0x0521, 0x24c445f1d9ed894f60022f63f988c28b98a0a7abf7a628224c7aae4f752d49d5)
            mstore(0x0541, 0x07ffc064b656829d150e6f8528de9e5aaa7ef0fa50657fe34544ad0fe3f303c8)
            // commitment to F2
            mstore(0x0561, 0x1d65cff83e5d397a8b08a73edd903b0612cd864100efa9b05988e35ded09ea7e)
            mstore(0x0581, 0x10c45b4ad66455c607e04f193949fa21a38836a8d434a2b23c6ecaf723a7aa70)
            // commitment to F3
            mstore(0x05a1, 0x10372cf82c26c4892f89b7f41c9bdaf02a97f9d00123bab7af864a26ac459c7a)
            mstore(0x05c1, 0x25b73209115d0e51c0d93fd62cb608403e70bbb9edfdb68fdbeca5250180ec24)
            // commitment to F4
            mstore(0x05e1, 0x1b49a2506ce5495e363dbc197975aeffddf4232dcef0dc7f25f6c5c1bf4e9550)
            mstore(0x0601, 0x0356e469106a9721c7b39198fb917882a0f2a07d626ff488c7c98a79424e9b02)
            // commitment to F5
            mstore(0x0621, 0x1342d5717c2cc108aaa269082a663772e9cefda8f23ccda9fc7b0dbade0f72dd)
            mstore(0x0641, 0x21f8aaadd70d68b724797d40cf2a3e0e65b3105ca6e2b36abcf693aecb961fb0)
            // commitment to F6
            mstore(0x0661, 0x18ab4a7bdb6da673dcfdd434675d637352dc1d7ad7abc86e03a7be9693f2b1f8)
            mstore(0x0681, 0x0101206356456940c2a719b05e32e3f06da83877f2aacd52262b1a128e4fa3c2)
            // commitment to F7
            mstore(0x06a1, 0x1b8f1dd8d6fb49f72c66ce1b60034070e7b9368de4374795c3d1c4fa0a4f9f50)
            mstore(0x06c1, 0x02811d9a7ca870e42e0459d40bbbfc249164b0745c7886f12ea8de0b7dbd1e24)
            // commitment to F8
            mstore(0x06e1, 0x198bcd740ebf034713d1e748697ca668456fbcc2ae27ed2f40504893d6e2c66b)
            mstore(0x0701, 0x0e69fd39863a7205802449491c4f27b74b86462015fa02c0a84fa3ad5f365e84)
            // commitment to F9
            mstore(0x0721, 0x044ded8f94ceca025631140204c084696a53dadd087b079bbd6a9925e9cc9b92)
            mstore(0x0741, 0x15311db4579f4b748c5f5bbffdb0f6fee77d144b7130936081705544d44bbe19)
            // commitment to F10
            mstore(0x0761, 0x08e0f5f4d2d7f0eead537d9d9980965149153902b1a487aabac51d408f179b79)
            mstore(0x0781, 0x2f7211c6b8763a806acf9d52684809791abfe453076ed1eb0a82a0ff3c5d011b)
            // commitment to F11
            mstore(0x07a1, 0x19918b61d34dc7abb7001cdeea92b50ef96eeb02b99ac71116446cdaf2aa9678)
            mstore(0x07c1, 0x0a50a4178b6451e80cb5b706aa8ee146d2993322d4e4020d4271fd5b59bf7c0b)
            // commitment to F12
            mstore(0x07e1, 0x124377fa45df9785ec300c27e06fb82265c46de64e1a3611cf9ea6edb5d0e303)
            mstore(0x0801, 0x2036d3a3468171e6adc29d7de132143e97031cef6d981eff23e58a06d6907806)
            // commitment to F13
            mstore(0x0821, 0x06c47ef20c3c3e18f4f7a73e116a0acf8ee111ccbe2157cf62d3c995b1d451bd)
            mstore(0x0841, 0x1e05e6c7c442bcf14d287ccc521dc8b1923e17dc09503f249d78fea3d988feb3)
            // commitment to F14
            mstore(0x0861, 0x01a7384628abe98ee6b8d881c7461aae92fe3bd35737f646c67ed336c5ee28d8)
            mstore(0x0881, 0x2dfdfb084786a4659555da48178488459729cb61d93920eba7b83d5567bf7f27)
            // commitment to F15
            mstore(0x08a1, 0x3054bdbd93eb57fea6cf6250718eee61296e5a8bdcf4993c5998e85d8c14234d)
            mstore(0x08c1, 0x00224fc0b0b5d8060a9d4ed1e1de871af13955cab469e739ef57c4ddf11ef318)
            // commitment to S0
            mstore(0x08e1, 0x0afffcd7b1596502ba53ce4efcb82ff073592727dc69922016c08a5040b4a587)
            mstore(0x0901, 0x2c510c519ce83eae90c0ac80136eb89f4af90c92216eb52c0f94cc9595f424d2)
            // first word of the transcript
            mstore(0x0921, 0x0bcc73e0fceb702f9f4f725c5ca8e1be91e103f9b8793b85e1b4417434d175a2)
            return(0x00, 0x0941)
        }
    }
}
