namespace Suite.Guest.Ppc;

/// <summary>The names of CPU models, as QEMU has them: a line is a processor version and its names; what follows an equals sign is an alias.</summary>
internal static class PpcModelNames
{
    /// <summary>Lines of <c>PVR name=alias=alias name ...</c>, by version. A name may stand twice, with further aliases.</summary>
    public const string Text = """
        00010001 601_v0 601_v1
        00010002 601_v2=601=601v
        00020020 mpc5xx=rcpu=mgt560=mpc509=mpc533=mpc534=mpc555=mpc556=mpc560=mpc561=mpc562=mpc563=mpc564=mpc565=mpc566
        00030100 603=mpc8240=vanilla
        00040103 604=ppc32=ppc
        00060101 603e_v1.1
        00060102 603e_v1.2
        00060103 603e_v1.3
        00060104 603e_v1.4
        00060202 603e_v2.2
        00060300 603e_v3
        00060400 603e_v4
        00060401 603e_v4.1=603e=stretch
        00070000 603p
        00070100 603e7v=vaillant
        00070101 603e7v1
        00070200 603e7
        00070201 603e7v2
        00071201 603e7t=603r=goldeneye
        00080100 740e 740_v1.0 750_v1.0
        00080200 740_v2.0 750_v2.0 750e
        00080201 750_v2.1 740_v2.1
        00080202 750_v2.2 740_v2.2
        00080300 740_v3.0 750_v3.0
        00080301 750_v3.1=750=typhoon=g3 740_v3.1=740=arthur
        00082100 750cx_v1.0
        00082200 750cx_v2.0
        00082201 750cx_v2.1
        00082202 750cx_v2.2=750cx
        00082211 750cxe_v2.1
        00082212 750cxe_v2.2
        00082213 750cxe_v2.3
        00082214 750cxe_v2.4
        00082310 750cxe_v3.0
        00082311 750cxe_v3.1
        00083100 745_v1.0 755_v1.0
        00083101 745_v1.1 755_v1.1
        00083200 745_v2.0 755_v2.0
        00083201 755_v2.1 745_v2.1
        00083202 755_v2.2 745_v2.2
        00083203 755_v2.3 745_v2.3
        00083204 755_v2.4 745_v2.4
        00083205 755_v2.5 745_v2.5
        00083206 755_v2.6 745_v2.6
        00083207 745_v2.7 755_v2.7
        00083208 755_v2.8=755=goldfinger 745_v2.8=745
        00083214 750cxe_v2.4b
        00083311 750cxe_v3.1b=750cxe
        00083410 750cxr
        00087200 750cl_v1.0
        00087210 750cl_v2.0=750cl
        00088200 750l_v2.0
        00088201 750l_v2.1
        00088202 750l_v2.2
        00088300 750l_v3.0
        00088302 750l_v3.2=750l=lonestar
        00090100 604e_v1.0
        00090202 604e_v2.2
        00090204 604e_v2.4=604e=sirocco
        000A0101 604r=mach5
        000C0100 7400_v1.0
        000C0101 7400_v1.1
        000C0200 7400_v2.0
        000C0201 7400_v2.1
        000C0202 7400_v2.2
        000C0206 7400_v2.6
        000C0207 7400_v2.7
        000C0208 7400_v2.8
        000C0209 7400_v2.9=7400=g4
        00500000 mpc8xx=powerquicc=mgt823=mpc821=mpc823=mpc850=mpc852t=mpc855t=mpc857 mpc8xx=mpc859=mpc860=mpc862=mpc866=mpc870=mpc875=mpc880=mpc885
        00810011 g2
        00810100 mpc603
        00810101 g2hip3=mpc8250_hip3=mpc8255_hip3=mpc8260_hip3=mpc8264_hip3=mpc8265_hip3=mpc8266_hip3
        00830010 mpc8347ep mpc8347eap mpc8349e mpc8343a mpc8347p mpc8349ea mpc8347et=mpc8347e mpc8349a mpc8347ap mpc8349 mpc8347t=mpc8347 mpc8343ea
        00830010 e300c1 mpc8347eat=mpc8347ea mpc8343e mpc8343 mpc8347at=mpc8347a
        00840010 e300c2
        00850010 e300c3=e300
        00860010 mpc8379e mpc8379 mpc8378e mpc8378 e300c4 mpc8377e mpc8377
        10080000 740p 750p=conan/doyle
        130218A4 460exb=460ex
        200008D0 440epx 440grx
        20010000 405d2
        20010820 x2vp4=x2vp7
        20010860 x2vp20=x2vp50
        40110000 405gpa
        40110040 405gpb
        40110041 405cra
        40110082 405gpc
        401100C4 405gpd=405gp
        401100C5 405crb
        40110145 405crc=405cr=405gpe
        40120440 440gpb
        40120481 440gpc=440gp
        40310000 stb03
        40B10000 npe4gs3
        414100C0 npe405h
        41410140 npe405h2
        41511460 405ez
        416100C0 npe405l
        41810000 405d4=405 stb04
        41F10000 405lp
        42221850 440epa
        422218D3 440gra=440gr 440epb=440ep
        50910951 405gpr
        51210950 405ep
        51510950 stb25
        51B21850 440gxa
        51B21851 440gxb
        51B21892 440gxc
        51B21894 440 440gxf=440gx
        53221850 440sp
        53221891 440sp2
        53421890 440spe
        70000100 750fx_v1.0
        70000200 750fx_v2.0
        70000201 750fx_v2.1
        70000202 750fx_v2.2
        70000203 750fx_v2.3=750fx 750fl
        70020100 750gx_v1.0
        70020101 750gx_v1.1
        70020102 750gx_v1.2=750gx 750gl
        7FF21910 440-xilinx-w-dfpu 440-xilinx
        80000100 7450_v1.0
        80000101 7450_v1.1
        80000102 7450_v1.2
        80000200 7450_v2.0
        80000201 7450_v2.1=7450=vger 7441_v2.1
        80000203 7451_v2.3=7451 7441_v2.3=7441
        80000210 7441_v2.10 7451_v2.10
        80010100 7455_v1.0 7445_v1.0
        80010201 7455_v2.1 7445_v2.1
        80010302 7445_v3.2=7445 7455_v3.2=7455=apollo6
        80010303 7455_v3.3 7445_v3.3
        80010304 7445_v3.4 7455_v3.4
        80020100 7457_v1.0 7447_v1.0
        80020101 7447_v1.1=7447 7457_v1.1
        80020102 7457_v1.2=7457=apollo7
        80030100 7457a_v1.0=apollo7pm 7447a_v1.0
        80030101 7447a_v1.1 7457a_v1.1
        80030102 7457a_v1.2=7457a 7447a_v1.2=7447a
        80040010 e600 mpc8641 mpc8641d mpc8610
        80040100 7448_v1.0
        80040101 7448_v1.1
        80040200 7448_v2.0
        80040201 7448_v2.1=7448
        800C1100 7410_v1.0
        800C1101 7410_v1.1
        800C1102 7410_v1.2
        800C1103 7410_v1.3
        800C1104 7410_v1.4=7410=nitro
        80200010 e500_v10 mpc8560_v10 mpc8540_v10
        80200020 mpc8541_v11=mpc8541 mpc8560_v21=mpc8560 mpc8555_v11=mpc8555 mpc8541_v10 mpc8541e_v11=mpc8541e e500_v20=e500v1 mpc8540_v21=mpc8540
        80200020 mpc8555e_v10 mpc8555_v10 mpc8541e_v10 mpc8560_v20 mpc8540_v20 mpc8555e_v11=mpc8555e
        80210010 mpc8548_v10 mpc8543_v10 mpc8543e_v10 e500v2_v10 mpc8548e_v10
        80210011 mpc8543_v11 mpc8543e_v11 mpc8548e_v11 mpc8548_v11
        80210020 mpc8548_v20 mpc8545e_v20 mpc8543e_v20 mpc8543_v20 e500v2_v20 mpc8545_v20 mpc8548e_v20 mpc8547e_v20
        80210021 mpc8545_v21=mpc8545 mpc8543_v21=mpc8543 mpc8543e_v21=mpc8543e mpc8544_v10 e500v2_v21 mpc8544e_v10 mpc8533e_v10
        80210021 mpc8548e_v21=mpc8548e mpc8533_v10 mpc8548_v21=mpc8548 mpc8547e_v21=mpc8547e mpc8545e_v21=mpc8545e
        80210022 mpc8544e_v11=mpc8544e mpc8567 mpc8533e_v11=mpc8533e mpc8568e mpc8533_v11=mpc8533 mpc8567e mpc8544_v11=mpc8544 mpc8568
        80210022 e500v2_v22=e500=e500v2
        80210030 mpc8572e e500v2_v30 mpc8572
        80230020 e500mc
        80811010 g2h4
        80811014 g2hip4=mpc8241=mpc8245=mpc8250=mpc8250_hip4=mpc8255=mpc8255_hip4=mpc8260=mpc8260_hip4
        80811014 g2hip4=mpc8264=mpc8264_hip4=mpc8265=mpc8265_hip4=mpc8266=mpc8266_hip4
        80820010 g2le
        80821010 g2gp
        80822010 g2legp
        80822011 mpc5200b_v20 mpc5200_v12=mpc52xx=mpc5200 mpc5200_v11 mpc5200b_v21=mpc5200b g2legp1 mpc5200_v10
        80822013 g2legp3=mpc82xx=powerquicc-ii=mpc8247=mpc8248=mpc8270=mpc8271=mpc8272=mpc8275=mpc8280
        81000000 e200z5
        81120000 e200z6=e200
        90810010 g2ls
        A0822010 g2lels
        """;
}
