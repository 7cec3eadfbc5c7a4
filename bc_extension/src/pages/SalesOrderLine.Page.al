// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50120 "SI Sales Order Line"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'salesOrderLine';
    EntitySetName = 'salesOrderLines';
    SourceTable = "Sales Line";
    SourceTableView = where("Document Type" = const(Order));
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;

                    trigger OnValidate()
                    begin
                        if not IsNullGuid(xRec.SystemId) and (Rec.SystemId <> xRec.SystemId) then
                            Error(IdStaysErr);
                    end;
                }
                field(documentType; Rec."Document Type")
                {
                    Caption = 'Document Type', Locked = true;

                    trigger OnValidate()
                    begin
                        Rec.TestField("Document Type", Rec."Document Type"::Order);
                    end;
                }
                field(documentNumber; Rec."Document No.")
                {
                    Caption = 'Document No.', Locked = true;
                }
                field(sequence; Rec."Line No.")
                {
                    Caption = 'Line No.', Locked = true;
                }
                field(lineType; Rec."Type")
                {
                    Caption = 'Type', Locked = true;
                }
                field(lineObjectNumber; Rec."No.")
                {
                    Caption = 'No.', Locked = true;
                }
                field(description; Rec.Description)
                {
                    Caption = 'Description', Locked = true;
                }
                field(attachedToLineNumber; Rec."Attached to Line No.")
                {
                    Caption = 'Attached to Line No.', Locked = true;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'Unit of Measure Code', Locked = true;
                }
                field(quantity; Rec.Quantity)
                {
                    Caption = 'Quantity', Locked = true;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit Price', Locked = true;
                }
                field(discountAmount; Rec."Line Discount Amount")
                {
                    Caption = 'Line Discount Amount', Locked = true;
                }
                field(netAmount; NetAmount)
                {
                    Caption = 'Amount', Locked = true;
                }
                field(shippedQuantity; ShippedQuantity)
                {
                    Caption = 'Quantity Shipped', Locked = true;
                }
                field(currencyCode; CurrencyCode)
                {
                    Caption = 'Currency Code', Locked = true;
                }
                field(netAmountIncludingTax; NetAmountIncludingTax)
                {
                    Caption = 'Amount Including VAT', Locked = true;
                }
                field(requestedDeliveryDate; Rec."Requested Delivery Date")
                {
                    Caption = 'Requested Delivery Date', Locked = true;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'Sell-to Customer No.', Locked = true;
                    Editable = false;
                }
                field(vatBusPostingGroup; Rec."VAT Bus. Posting Group")
                {
                    Caption = 'VAT Bus. Posting Group', Locked = true;
                    Editable = false;
                }
                field(vatProdPostingGroup; Rec."VAT Prod. Posting Group")
                {
                    Caption = 'VAT Prod. Posting Group', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        ShowWhatIsNoField();
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Rec."Document Type" := Rec."Document Type"::Order;
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        if Rec."Line No." = 0 then
            Rec."Line No." := NextLineNo();
        // An id that came along is kept: the caller finds its record by it, whatever happens.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        ShowWhatIsNoField();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Rec.Modify(true);
        ShowWhatIsNoField();
        exit(false);
    end;

    local procedure ShowWhatIsNoField()
    begin
        NetAmount := Rec.Amount;
        ShippedQuantity := Rec."Quantity Shipped";
        CurrencyCode := Rec."Currency Code";
        NetAmountIncludingTax := Rec."Amount Including VAT";
    end;

    local procedure NextLineNo(): Integer
    var
        SalesLine: Record "Sales Line";
    begin
        SalesLine.SetRange("Document Type", Rec."Document Type");
        SalesLine.SetRange("Document No.", Rec."Document No.");
        if SalesLine.FindLast() then
            exit(SalesLine."Line No." + 10000);
        exit(10000);
    end;

    var
        NetAmount: Decimal;
        ShippedQuantity: Decimal;
        CurrencyCode: Code[10];
        NetAmountIncludingTax: Decimal;
        IdStaysErr: Label 'The id of a record that is there cannot be changed.';
}
